// The part of argon2-browser that the tests and benches call; the package brings no types.
declare module 'argon2-browser' {
  export const ArgonType: { Argon2id: 2 }
  export function hash(options: {
    pass: Uint8Array
    salt: Uint8Array
    time: number
    mem: number
    parallelism: number
    hashLen: number
    type: number
    secret?: Uint8Array
    ad?: Uint8Array
  }): Promise<{ hash: Uint8Array }>
}
declare module 'argon2-browser/dist/argon2.js'
