/** /v1/firmware-images: files devices can be told to fetch. */
import type { Bytes } from '../../base/bytes.ts'
import { UsageError } from '../../base/errors.ts'
import { routes } from '../contract/routes.ts'
import { presentImage } from '../present-image.ts'
import { preconditionOf } from '../revisions.ts'
import type { Api, Context } from './context.ts'

export function imageRoutes(app: Api, { services: { images }, settings }: Context): void {
  // Octets are not gathered: the handler reads them from the request as they come.
  app.addContentTypeParser('application/octet-stream', (_request, _payload, done) => done(null))

  app.route({
    ...routes.addImage,
    bodyLimit: settings['firmware.image-limit'],
    handler: async ({ query, headers, raw }, reply) => {
      const octets = octetsOf(raw, headers, settings['firmware.image-limit'])
      const { sha256, hardware, ...draft } = query
      const { image, isNew } = await images.add(
        { ...draft, ...(hardware !== undefined && { hardware: hardware.split(',').map((one) => one.trim()) }) },
        octets,
        sha256,
      )
      return reply
        .status(isNew ? 201 : 200)
        .header('location', `/v1/firmware-images/${image.sha256}`)
        .send(presentImage(image))
    },
  })

  app.route({
    ...routes.listImages,
    handler: async ({ query }) => ({ images: images.list(query.product).map(presentImage) }),
  })

  app.route({ ...routes.readImage, handler: async ({ params }) => presentImage(images.image(params.image)) })

  app.route({
    ...routes.setImageNotes,
    handler: async ({ params, body, headers }) =>
      presentImage(await images.setNotes(params.image, body.notes ?? undefined, preconditionOf(headers))),
  })

  app.route({
    ...routes.removeImage,
    handler: async ({ params }, reply) => {
      await images.remove(params.image)
      return reply.status(204).send(null)
    },
  })

  app.route({
    ...routes.verifyImage,
    handler: async ({ params }) => {
      const found = await images.verify(params.image)
      return { ...found, image: presentImage(found.image) }
    },
  })
}

/** The body as it comes, where it is octets and not too many; a handler of images or deltas reads it. */
export function octetsOf(
  raw: AsyncIterable<Bytes>,
  headers: { readonly 'content-length'?: string | undefined; readonly 'content-type'?: string | undefined },
  limit: number,
): AsyncIterable<Bytes> {
  if (Number(headers['content-length'] ?? 0) > limit) throw tooLarge(limit)
  if (!headers['content-type']?.startsWith('application/octet-stream')) throw notOctets()
  return chunksOf(raw)
}

/** The body as it comes; a client that goes away half-way is at fault, not we. */
async function* chunksOf(body: AsyncIterable<Bytes>): AsyncIterable<Bytes> {
  try {
    yield* body
  } catch (error) {
    throw new UsageError('request.aborted', 'the image did not arrive whole', {
      hint: error instanceof Error ? error.message : 'send it again',
    })
  }
}

function tooLarge(limit: number): UsageError {
  return new UsageError('firmware.too-large', `the image is larger than ${limit} octets`, {
    status: 413,
    hint: 'firmware.image-limit is the knob',
  })
}

function notOctets(): UsageError {
  return new UsageError('request.media-type', 'an image is sent as application/octet-stream', { status: 415 })
}
