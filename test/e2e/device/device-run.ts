/** A virtual device in this process whose lines can be waited for. */
import { seconds } from '../../../src/base/time.ts'
import { runDevice } from '../../../src/device/main.ts'
import { defaultDeviceOptions, type DeviceOptions } from '../../../src/device/options.ts'

export class DeviceRun {
  readonly lines: string[] = []
  readonly exit: Promise<number>
  readonly #stop = new AbortController()
  readonly #watchers = new Set<() => void>()
  #seen = 0

  constructor(server: string, options: Partial<DeviceOptions> = {}) {
    this.exit = runDevice(
      {
        ...defaultDeviceOptions,
        endpoint: 'urn:dev:e2e-1',
        server,
        verbosity: 'verbose',
        rebootTime: seconds(0.05),
        print: (line) => {
          this.lines.push(line)
          for (const watcher of this.#watchers) watcher()
        },
        ...options,
      },
      this.#stop.signal,
    )
  }

  /** The next line, from the last one waited for onwards, that matches. */
  async says(pattern: RegExp): Promise<string> {
    for (;;) {
      const index = this.lines.findIndex((line, at) => at >= this.#seen && pattern.test(line))
      if (index >= 0) {
        this.#seen = index + 1
        return this.lines[index]!
      }
      await new Promise<void>((resolve) => {
        const watcher = (): void => {
          this.#watchers.delete(watcher)
          resolve()
        }
        this.#watchers.add(watcher)
      })
    }
  }

  /** Stops it as Ctrl-C does. */
  stop(): Promise<number> {
    this.#stop.abort()
    return this.exit
  }
}
