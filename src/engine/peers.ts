/**
 * Peers of the CoAP endpoint as numbers: a path of the plain listener or a DTLS association, in disjoint
 * ranges, so that neither can be taken for the other.
 */
import type { Peer } from '../coap/types.ts'

export const peerOfPath = (path: number): Peer => 2 * path
export const peerOfAssociation = (association: number): Peer => 2 * association + 1

export const isSecured = (peer: Peer): boolean => peer % 2 === 1
/** The path of a plain peer, the association of a secured one. */
export const pathOfPeer = (peer: Peer): number => Math.floor(peer / 2)
