/**
 * Peers of the CoAP endpoint as numbers: a path of the plain listener or a DTLS association, in disjoint
 * ranges, so that neither can be taken for the other.
 */
import type { Peer } from '../coap/types.ts'
import type { RemoteEndpoint } from './ports.ts'

export const peerOfPath = (path: number): Peer => 2 * path
/** By the association's number in the store, which outlives its stay in memory. */
export const peerOfAssociation = (association: number): Peer => 2 * association + 1

export const isSecured = (peer: Peer): boolean => (peer & 1) === 1
/** The path of a plain peer. */
export const pathOfPeer = (peer: Peer): number => peer / 2
/** The association of a secured one. */
export const associationOfPeer = (peer: Peer): number => (peer - 1) / 2

/** Of a peer whose path is forgotten. */
export const nowhere: RemoteEndpoint = { address: '', port: 0 }
