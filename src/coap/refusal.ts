/** What is wrong with a request whatever its resource (RFC 7252 §5.4, §5.7, §5.8, RFC 7959 §2.2). */
import { blockOf, reservedSizeExponent } from './block.ts'
import { isKnownMethod } from './codes.ts'
import { faults, type CoapFault } from './faults.ts'
import type { MessageView } from './message.ts'
import { option } from './options.ts'

/** The first of them, or undefined. */
export function refusalOf(request: MessageView): CoapFault | undefined {
  // RFC 7252 §5.4.1, §5.7.2
  if (request.notUnderstood !== 0) return faults['option-not-understood']
  if (request.has(option.proxyUri) || request.has(option.proxyScheme)) return faults.proxying
  if (!isKnownMethod(request.code)) return faults['method-unknown']
  if (request.has(option.hopLimit) && !isHopLimit(request.uint(option.hopLimit)!)) return faults['hop-limit-range']
  if (request.notText !== 0) return faults['option-not-text']
  if (request.hasDotSegment) return faults['path-segment-dots']
  if (hasReservedSize(request, option.block1) || hasReservedSize(request, option.block2)) {
    return faults['block-size-reserved']
  }
  return undefined
}

/** RFC 8768 §3. */
function isHopLimit(value: number): boolean {
  return value >= 1 && value <= 255
}

function hasReservedSize(request: MessageView, number: number): boolean {
  return request.has(number) && blockOf(request.uint(number)!).sizeExponent === reservedSizeExponent
}
