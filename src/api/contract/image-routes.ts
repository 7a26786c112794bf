/** Rows of the route table about images, the keys they are signed with and the deltas between them. */
import {
  deltaListSchema,
  deltaPairSchema,
  deltaParamsSchema,
  deltaQuerySchema,
  deltaSchema,
  imageListSchema,
  imageNotesSchema,
  imageParamsSchema,
  imageQuerySchema,
  imageSchema,
  imageUploadQuerySchema,
  signingKeyDraftSchema,
  signingKeyListSchema,
  signingKeyParamsSchema,
  signingKeySchema,
  verificationSchema,
} from './image.ts'
import { changeHeadersSchema } from './precondition.ts'
import { noContent, octetsBody, route } from './route.ts'

export const imageRoutes = {
  addImage: route('addImage', {
    summary: 'Add a firmware image: the body is the file; 200 where the same file is there already',
    tags: ['firmware'],
    querystring: imageUploadQuerySchema,
    response: { 200: imageSchema, 201: imageSchema },
    ...octetsBody,
  }),
  listImages: route('listImages', {
    summary: 'Firmware images',
    tags: ['firmware'],
    querystring: imageQuerySchema,
    response: { 200: imageListSchema },
  }),
  readImage: route('readImage', {
    summary: 'One firmware image',
    tags: ['firmware'],
    params: imageParamsSchema,
    response: { 200: imageSchema },
  }),
  removeImage: route('removeImage', {
    summary: 'Remove a firmware image no update needs',
    tags: ['firmware'],
    params: imageParamsSchema,
    response: { 204: noContent },
  }),
  verifyImage: route('verifyImage', {
    summary: 'Read the stored file again: its hash, and its signature by the keys registered now',
    tags: ['firmware'],
    params: imageParamsSchema,
    response: { 200: verificationSchema },
  }),
  setImageNotes: route('setImageNotes', {
    summary: 'Give an image its release notes; all else of it stays as it is',
    tags: ['firmware'],
    params: imageParamsSchema,
    headers: changeHeadersSchema,
    body: imageNotesSchema,
    response: { 200: imageSchema },
  }),
  listSigningKeys: route('listSigningKeys', {
    summary: 'Public keys MCUboot images are signed with',
    tags: ['firmware'],
    response: { 200: signingKeyListSchema },
  }),
  addSigningKey: route('addSigningKey', {
    summary: 'Register a public key: MCUboot images of its product have to be signed by then',
    tags: ['firmware'],
    body: signingKeyDraftSchema,
    response: { 201: signingKeySchema },
  }),
  removeSigningKey: route('removeSigningKey', {
    summary: 'Remove a public key; images it verified stay',
    tags: ['firmware'],
    params: signingKeyParamsSchema,
    response: { 204: noContent },
  }),
  listDeltas: route('listDeltas', {
    summary: 'What makes one image out of another',
    tags: ['firmware'],
    querystring: deltaQuerySchema,
    response: { 200: deltaListSchema },
  }),
  addDelta: route('addDelta', {
    summary: 'Add a delta: the body is the file',
    tags: ['firmware'],
    querystring: deltaPairSchema,
    response: { 201: deltaSchema },
    ...octetsBody,
  }),
  makeDelta: route('makeDelta', {
    summary: 'Have the configured command make a delta; the one there is, where there is one',
    tags: ['firmware'],
    body: deltaPairSchema,
    response: { 200: deltaSchema },
  }),
  removeDelta: route('removeDelta', {
    summary: 'Remove a delta; devices are given the whole image then',
    tags: ['firmware'],
    params: deltaParamsSchema,
    response: { 204: noContent },
  }),
}
