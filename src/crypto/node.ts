// node:crypto, loaded when something is computed with it for the first time: that takes 13 ms of a process of a hundred,
// and who only looks at names needs none of it.
type NodeCrypto = typeof import('node:crypto')

let loaded: NodeCrypto | undefined

/** The module. */
export function node(): NodeCrypto {
  loaded ??= require('node:crypto') as NodeCrypto
  return loaded
}
