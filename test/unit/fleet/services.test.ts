/** The services over a real store: what the API asks of the fleet. */
import { describe, expect, test, vi } from 'vitest'
import { utf8, type Bytes } from '../../../src/base/bytes.ts'
import { defaultSettings } from '../../../src/config/tunables.ts'
import { EnvironmentError } from '../../../src/base/errors.ts'
import { silentLog } from '../../../src/base/log.ts'
import { EventsService } from '../../../src/fleet/events/service.ts'
import { FirmwareService, updatesNeeding } from '../../../src/fleet/firmware/service.ts'
import { ImagesService } from '../../../src/fleet/images/service.ts'
import { OperationsService } from '../../../src/fleet/operations/service.ts'
import { RegistryService } from '../../../src/fleet/registry/service.ts'
import { imageInspector } from '../../../src/server/image-inspector.ts'
import { openImageFiles } from '../../../src/storage/files/image-files.ts'
import * as rows from '../storage/fixtures.ts'
import { FakeCommands } from './fake-commands.ts'
import { at, start } from './fixtures.ts'

const { put } = rows
const unknown = (code: string, status = 404) => expect.objectContaining({ code, status }) as Error

function world() {
  const store = rows.openStore()
  const commands = new FakeCommands(store)
  let now = start
  const registry = new RegistryService(store, commands, () => now, defaultSettings)
  const files = openImageFiles({ directory: rows.temporaryDirectory(), cacheLimit: 65_536, log: silentLog })
  const images = new ImagesService({
    store,
    files,
    inspector: imageInspector,
    keysFor: () => [],
    commands,
    now: () => now,
    settings: { 'firmware.image-limit': 1000 },
    usesOf: (image) => updatesNeeding(store, image),
    deltas: () => store.deltas(undefined),
    isDelta: () => false,
    orphans: () => async () => undefined,
  })
  return {
    store,
    commands,
    registry,
    files,
    operations: new OperationsService(store, commands, registry),
    images,
    firmware: new FirmwareService(store, commands, images, registry),
    set now(to: typeof now) {
      now = to
    },
  }
}

describe('devices', () => {
  test('come with their status, page by page', () => {
    const { store, registry } = world()
    store.commit([3, 1, 2].map((id) => put.device(rows.device(id))))
    store.commit([put.registration(2, rows.registration('r2', { expiresAt: at(60) }))])
    const first = registry.list({}, { limit: 2 })
    expect(first.devices.map(({ id, status }) => [id, status])).toEqual([
      [1, 'never-seen'],
      [2, 'awake'],
    ])
    expect(first.devices[1]?.registration?.id).toBe('r2')
    expect(first.next).toBe('urn:dev:test-2')
    expect(registry.list({}, { cursor: 'urn:dev:test-2', limit: 2 })).toEqual({
      devices: [
        {
          ...rows.device(3),
          status: 'never-seen',
          network: { profile: 'nbiot', from: 'listener' },
          awakeWindow: 20_000,
        },
      ],
    })
    expect(registry.list({}, { limit: 3 })).not.toHaveProperty('next')
  })

  test('of one status are found among many, a bounded stretch at a time', () => {
    const { store, registry } = world()
    const name = (id: number): string => `d${String(id).padStart(6, '0')}`
    const ids = Array.from({ length: 11_000 }, (_, i) => i + 1)
    store.commit(ids.map((id) => put.device(rows.device(id, { endpoint: name(id) }))))
    store.commit([1, 2, 10_999].map((id) => put.registration(id, rows.registration(`r${id}`))))
    const status = 'awake'
    expect(registry.list({ status }, { limit: 1 })).toMatchObject({ devices: [{ id: 1 }], next: name(1) })
    const second = registry.list({ status }, { limit: 5, cursor: name(1) })
    expect(second).toMatchObject({ devices: [{ id: 2 }], next: name(5001) })
    const third = registry.list({ status }, { limit: 5, cursor: name(5001) })
    expect(third).toEqual({ devices: [], next: name(10_001) })
    const last = registry.list({ status }, { limit: 5, cursor: name(10_001) })
    expect(last.devices.map(({ id }) => id)).toEqual([10_999])
    expect(last).not.toHaveProperty('next')
    expect(registry.list({ status: 'retired' }, { limit: 5, cursor: name(10_999) })).toEqual({ devices: [] })
  })

  test('that nobody knows come with the names that may have been meant', async () => {
    const { store, registry, commands } = world()
    store.commit([put.device(rows.device(1))])
    const error = expect.objectContaining({
      code: 'device.unknown',
      status: 404,
      hint: "did you mean 'urn:dev:test-1'?",
      members: { similar: ['urn:dev:test-1'] },
    }) as Error
    expect(() => registry.device('urn:dev:tset-1')).toThrow(error)
    await expect(registry.put('urn:dev:tset-1', {}, { mustExist: true })).rejects.toThrow(error)
    await expect(registry.delete('urn:dev:tset-1')).rejects.toThrow(error)
    expect(() => registry.device('zzzzzzzzzzzz')).toThrow(/no device is called/)
    expect(commands.asked).toEqual([])
  })

  test('are changed by their actor', async () => {
    const { store, registry, commands } = world()
    store.commit([put.device(rows.device(1))])
    commands.answer = () => ({ ...rows.device(1), status: 'never-seen' })
    expect(await registry.put('urn:dev:test-1', { product: 'meter' }, { mustExist: true })).toMatchObject({ id: 1 })
    await registry.put('new', {}, { mustExist: false })
    await registry.delete('urn:dev:test-1')
    expect(commands.asked.map(({ command, endpoint }) => `${command} ${endpoint}`)).toEqual([
      'device.put urn:dev:test-1',
      'device.put new',
      'device.delete urn:dev:test-1',
    ])
  })
})

describe('operations', () => {
  test('say what they wait for now, whatever is stored', () => {
    const w = world()
    w.store.commit([
      put.device(rows.device(1)),
      put.registration(1, rows.registration('r1', { queueMode: true, updatedAt: start, expiresAt: at(300) })),
      put.operation(rows.operation(1, 1, { reason: 'device-asleep' })),
      put.operation(rows.operation(2, 1)),
      put.operation(rows.operation(3, 1, { state: 'failed', reason: 'rejected' })),
    ])
    const reasons = () => w.operations.list({ endpoint: 'urn:dev:test-1' }, undefined, 9).map(({ reason }) => reason)
    expect(reasons()).toEqual(['rejected', 'behind-another', undefined])
    expect(w.operations.operation(1)).not.toHaveProperty('reason')
    w.now = at(60)
    expect(reasons()).toEqual(['rejected', 'device-asleep', 'device-asleep'])
    w.now = at(301)
    expect(w.operations.operation(1).reason).toBe('device-offline')
  })

  test('are listed by device and state, and unknown ones are told', async () => {
    const { store, operations } = world()
    store.commit([put.device(rows.device(1)), ...[1, 2, 3].map((id) => put.operation(rows.operation(id, 1)))])
    expect(operations.list({}, 3, 1).map(({ id }) => id)).toEqual([2])
    expect(operations.list({ state: 'failed' }, undefined, 9)).toEqual([])
    expect(() => operations.list({ endpoint: 'nobody' }, undefined, 9)).toThrow(unknown('device.unknown'))
    expect(() => operations.operation(4)).toThrow(unknown('operation.unknown'))
    await expect(operations.cancel(4)).rejects.toThrow(unknown('operation.unknown'))
    await expect(operations.submit('nobody', { kind: 'read', path: '/3' })).rejects.toThrow(unknown('device.unknown'))
  })

  test('asked again under their key are the same, also when they are done', async () => {
    const { store, operations, commands } = world()
    const done = rows.operation(1, 1, { state: 'acknowledged', idempotencyKey: 'k' })
    store.commit([put.device(rows.device(1)), put.operation(done)])
    commands.answer = ({ command }) => rows.operation(command === 'operation.cancel' ? 1 : 2, 1)
    const draft = { kind: done.kind, path: done.path }
    expect(await operations.submit('urn:dev:test-1', { ...draft, idempotencyKey: 'k' })).toEqual(done)
    expect(await operations.submit('urn:dev:test-1', { ...draft, idempotencyKey: 'other' })).toMatchObject({ id: 2 })
    for (const other of [{ kind: 'write', value: '1' }, { path: '/9/0' }] as const) {
      const conflict = operations.submit('urn:dev:test-1', { ...draft, ...other, idempotencyKey: 'k' })
      await expect(conflict).rejects.toMatchObject({ code: 'operation.key-taken', status: 422 })
    }
    expect(await operations.cancel(1)).toMatchObject({ id: 1 })
    expect(commands.asked).toHaveLength(2)
  })
})

describe('firmware images', () => {
  async function* upload(text: string): AsyncGenerator<Bytes> {
    yield await Promise.resolve(utf8(text))
  }
  const about = { product: 'meter', version: '1.1.0' }

  test('are added, found by each of their names, verified and removed', async () => {
    const { images, commands, files } = world()
    const { image: added } = await images.add({ ...about, notes: 'first' }, upload('image'))
    expect(added).toMatchObject({ ...about, notes: 'first', size: 5, addedAt: start })
    expect(added.key).toBe(added.sha256.slice(0, 12))
    for (const reference of [added.sha256, added.sha256.toUpperCase(), added.key, '1.1.0', 'meter@1.1.0']) {
      expect(images.image(reference)).toEqual(added)
    }
    expect(images.list()).toEqual([added])
    expect(images.list('valve')).toEqual([])
    expect(await images.verify('1.1.0')).toEqual({ image: added, intact: true })
    expect(files.read(added.sha256, 0, 5)).toEqual(utf8('image'))
    await images.remove('1.1.0')
    expect(() => images.image('1.1.0')).toThrow(unknown('image.unknown'))
    expect(files.read(added.sha256, 0, 5)).toBeUndefined()
    expect(commands.events.map(({ kind, detail }) => [kind, detail['version']])).toEqual([
      ['firmware.image-added', '1.1.0'],
      ['firmware.image-removed', '1.1.0'],
    ])
  })

  test('added again are the same; other octets or another name are refused', async () => {
    const { images, commands } = world()
    const { image: added } = await images.add(about, upload('image'))
    expect(await images.add(about, upload('image'))).toEqual({ image: added, isNew: false })
    await expect(images.add(about, upload('other'))).rejects.toThrow(unknown('image.exists', 409))
    await expect(images.add({ ...about, version: '2' }, upload('image'))).rejects.toThrow(unknown('image.exists', 409))
    expect(images.list()).toEqual([added])
    expect(commands.events).toHaveLength(1)
  })

  test.each([
    ['image.product', { ...about, product: '' }],
    ['image.version', { ...about, version: ' 1.1' }],
    ['image.version', { ...about, version: 'a\nb' }],
    ['image.notes', { ...about, notes: 'x'.repeat(20_000) }],
  ])('are refused with %s', async (code, wrong) => {
    await expect(world().images.add(wrong, upload('x'))).rejects.toThrow(unknown(code, 422))
  })

  test('too large, or not committed, leave nothing', async () => {
    const { images, commands, files } = world()
    await expect(images.add(about, upload('x'.repeat(1001)))).rejects.toThrow(unknown('firmware.too-large', 413))
    const remove = vi.spyOn(files, 'remove')
    vi.spyOn(commands, 'commitNow').mockImplementationOnce(() => {
      throw new EnvironmentError('store.full', 'the disk is full', { retriable: true })
    })
    await expect(images.add(about, upload('image'))).rejects.toMatchObject({ code: 'store.full' })
    expect(remove).toHaveBeenCalledOnce()
    expect(images.list()).toEqual([])
    await images.add(about, upload('image'))
  })

  test('of several products need more than a version, unless the device says which', async () => {
    const { images, firmware, store, commands } = world()
    const { image: meter } = await images.add(about, upload('one'))
    const { image: valve } = await images.add({ product: 'valve', version: '1.1.0' }, upload('two'))
    expect(() => images.image('1.1.0')).toThrow(
      expect.objectContaining({ code: 'image.ambiguous', members: { candidates: ['meter@1.1.0', 'valve@1.1.0'] } }),
    )
    expect(images.image('valve@1.1.0')).toEqual(valve)
    store.commit([put.device(rows.device(1, { product: 'valve' }))])
    commands.answer = () => rows.update(1, 1)
    await firmware.start('urn:dev:test-1', '1.1.0')
    const { sha256, product, version, size } = valve
    const image = { sha256, product, version, size }
    expect(commands.asked).toEqual([{ command: 'firmware.start', endpoint: 'urn:dev:test-1', image }])
    await expect(firmware.start('urn:dev:test-1', meter.key)).rejects.toThrow(unknown('firmware.product', 422))
    // What it merely tells does not contradict an operator who names it.
    store.commit([put.device(rows.device(1, { product: 'Model 500', productFrom: 'model' }))])
    await expect(firmware.start('urn:dev:test-1', meter.key)).resolves.toBeDefined()
  })

  test('that do not go over what a device runs, run on other hardware, or are older than its security counter, are refused with the field', async () => {
    const { images, firmware, store, commands } = world()
    const { image: newest } = await images.add({ ...about, version: '2.1.0', securityCounter: 5 }, upload('newest'))
    const { image: hop } = await images.add({ ...about, version: '2.0.0', fromVersions: '>=1.9.5' }, upload('hop'))
    const { image: old } = await images.add({ ...about, version: '1.9.0', securityCounter: 4 }, upload('old'))
    const { image: forB } = await images.add({ ...about, version: '1.9.1', hardware: ['B'] }, upload('for B'))
    const learned = { vitals: { version: '1.1.0', hardware: 'A' } }
    store.commit([put.device({ ...rows.device(1), learned })])
    commands.answer = () => rows.update(1, 1)
    const refusedFor = (field: string): unknown =>
      expect.objectContaining({ code: 'firmware.misfit', status: 422, members: { field } })
    await expect(firmware.start('urn:dev:test-1', hop.key)).rejects.toThrow(refusedFor('fromVersions'))
    await expect(firmware.start('urn:dev:test-1', forB.key)).rejects.toThrow(refusedFor('hardware'))
    await firmware.start('urn:dev:test-1', old.key)
    const confirmed = { ...rows.update(1, 1), sha256: newest.sha256, state: 'confirmed', finishedAt: at(1) } as const
    store.commit([{ op: 'update.put', update: confirmed }])
    await expect(firmware.start('urn:dev:test-1', old.key)).rejects.toThrow(refusedFor('securityCounter'))
  })

  test('that go over others take the device there first, by deltas where they are wanted', async () => {
    const { images, firmware, store, commands } = world()
    const [v1, v2, v3] = await Promise.all([
      images.add(about, upload('first image')),
      images.add({ ...about, version: '2.0.0' }, upload('second image')),
      images.add({ ...about, version: '3.0.0', fromVersions: '>=2.0.0' }, upload('third image')),
    ]).then((added) =>
      added.map(({ image: { sha256, product, version, size } }) => ({ sha256, product, version, size })),
    )
    const patch = { from: v1!.sha256, to: v2!.sha256, sha256: 'd'.repeat(64), key: 'd'.repeat(12), size: 5 }
    store.commit([
      put.device({ ...rows.device(1), learned: { vitals: { version: '1.1.0' } } }),
      { op: 'delta.put', delta: { ...patch, madeBy: 'uploaded', addedAt: start } },
    ])
    commands.answer = () => rows.update(1, 1)
    await firmware.start('urn:dev:test-1', '3.0.0')
    const way = { goal: '3.0.0', hop: 1, hops: 2, from: '1.1.0', onward: [v3] }
    expect(commands.asked).toEqual([
      { command: 'firmware.start', endpoint: 'urn:dev:test-1', image: v2, journey: { ...way, leg: v2 } },
    ])
    // Its octets are not at hand: told before anything begins.
    await expect(firmware.start('urn:dev:test-1', '3.0.0', { delta: true })).rejects.toThrow(unknown('image.lost', 409))
    store.commit([put.device(rows.device(1))])
    const untold = unknown('firmware.version-untold', 409)
    await expect(firmware.start('urn:dev:test-1', '2.0.0', { delta: true })).rejects.toThrow(untold)
    const component = { delta: true, target: '/33629/1' }
    await expect(firmware.start('urn:dev:test-1', '2.0.0', component)).resolves.toBeDefined()
    // The other way round is none.
    store.commit([put.device({ ...rows.device(1), learned: { vitals: { version: '0.9.0' } } })])
    await images.remove('2.0.0')
    await expect(firmware.start('urn:dev:test-1', '3.0.0')).rejects.toThrow(unknown('firmware.misfit', 422))
  })

  test('are not removed while an update needs them, or begins to', async () => {
    const { images, firmware, store, commands } = world()
    const { image: added } = await images.add(about, upload('image'))
    const { sha256 } = added
    store.commit([put.device(rows.device(1))])
    let begun: (update: unknown) => void = () => undefined
    commands.answer = () => new Promise((resolve) => (begun = resolve))
    const starting = firmware.start('urn:dev:test-1', '1.1.0')
    await expect(images.remove('1.1.0')).rejects.toThrow(unknown('image.in-use', 409))
    store.commit([put.update(rows.update(1, 1, { sha256 }))])
    begun(rows.update(1, 1))
    await starting
    await expect(images.remove('1.1.0')).rejects.toThrow(unknown('image.in-use', 409))
    store.commit([put.update(rows.update(1, 1, { sha256, state: 'failed' }))])
    await images.remove('1.1.0')
  })
})

test('updates are read by id and by device, and cancelled by their actor', async () => {
  const { firmware, store, commands } = world()
  store.commit([put.device(rows.device(1)), put.update(rows.update(1, 1)), put.update(rows.update(2, 1))])
  expect(firmware.update(1)).toEqual(rows.update(1, 1))
  expect(() => firmware.update(3)).toThrow(unknown('update.unknown'))
  expect(firmware.updates('urn:dev:test-1', 1)).toEqual([rows.update(2, 1)])
  expect(firmware.updates(undefined, 9)).toHaveLength(2)
  expect(() => firmware.updates('nobody', 9)).toThrow(unknown('device.unknown'))
  commands.answer = () => rows.update(2, 1, { state: 'cancelled' })
  expect(await firmware.cancel('urn:dev:test-1')).toMatchObject({ state: 'cancelled' })
  await expect(firmware.cancel('nobody')).rejects.toThrow(unknown('device.unknown'))
})

describe('events', () => {
  test('are told to everybody who listens, until they stop', () => {
    const { store } = world()
    const events = new EventsService(store)
    const heard: string[] = []
    const listener = (who: string) => (event: { id: number }) => void heard.push(`${who}${event.id}`)
    const endA = events.subscribe(listener('a'))
    events.subscribe(listener('b'))
    events.publish(rows.event(1))
    endA()
    endA()
    events.publish(rows.event(2))
    expect(heard).toEqual(['a1', 'b1', 'b2'])
  })

  test('are read from the store', () => {
    const { store } = world()
    const events = new EventsService(store)
    store.commit([1, 2, 3].map((id) => put.event(rows.event(id))))
    expect(events.list({}, 1, 1)).toEqual([rows.event(2)])
    expect(events.latest({}, 2)).toEqual([rows.event(2), rows.event(3)])
  })

  test('have a limited number of listeners', () => {
    const events = new EventsService(world().store)
    const subscribeMany = (): void => {
      for (let i = 0; i < 100; i++) events.subscribe(() => undefined)
    }
    expect(subscribeMany).toThrow('more than 64')
  })
})
