/** Knobs of the S3-compatible bucket firmware images may be kept in. */
import type { Knob } from './knob.ts'

export const imagesKnobs = {
  'images.s3.endpoint': {
    kind: 'text',
    default: '',
    consequence:
      'Where an S3-compatible store answers (https://s3.eu-central-1.amazonaws.com): firmware images are kept there, with copies in the data directory. Its keys are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment. Empty: images are kept in the data directory alone.',
    scope: 'server',
    takesHold: 'restart',
  },
  'images.s3.bucket': {
    kind: 'text',
    default: '',
    consequence: 'The bucket, which has to be there; it is named in the path of requests.',
    scope: 'server',
    takesHold: 'restart',
  },
  'images.s3.region': {
    kind: 'text',
    default: 'us-east-1',
    consequence: 'The region requests are signed for; stores that have none take any.',
    scope: 'server',
    takesHold: 'restart',
  },
  'images.s3.copies': {
    kind: 'bytes',
    default: 8_589_934_592,
    min: 0,
    max: 1_099_511_627_776,
    consequence:
      'Copies of images in the bucket that the data directory keeps; beyond it those go that were not used for longest, but none that an update or a campaign under way needs, and none the bucket does not have.',
    scope: 'server',
    takesHold: 'restart',
  },
  'images.s3.prefix': {
    kind: 'text',
    default: 'coapstan/',
    mayBeEmpty: true,
    consequence: 'In front of the names of images in the bucket, so that others may use it too.',
    scope: 'server',
    takesHold: 'restart',
  },
} as const satisfies Readonly<Record<string, Knob>>
