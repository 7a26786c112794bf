/** Labels of SenML records: text in JSON, numbers in CBOR (RFC 8428 §6, table 4). Some senders write text in CBOR too. */
export const senmlLabels: ReadonlyMap<unknown, string> = new Map([
  [-1, 'bver'],
  [-2, 'bn'],
  [-3, 'bt'],
  [-4, 'bu'],
  [-5, 'bv'],
  [-6, 'bs'],
  [0, 'n'],
  [1, 'u'],
  [2, 'v'],
  [3, 'vs'],
  [4, 'vb'],
  [5, 's'],
  [6, 't'],
  [7, 'ut'],
  [8, 'vd'],
])
