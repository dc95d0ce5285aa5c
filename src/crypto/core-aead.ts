// The TypeScript side of wasm/aead.ts, where the order of calls and the memory map are written down.
// Whatever happens inside, the memory is all zeros again when `seal` or `unseal` returns or throws.

export interface AeadCore {
  /** Encrypts `plaintext` and writes cipher text ‖ tag (16) to `into`, which is 16 bytes longer than the plaintext. */
  seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, associated: Uint8Array, into: Uint8Array): void
  /** Plaintext of cipher text ‖ tag, or undefined when the tag is wrong; no byte is decrypted before that is known. */
  unseal(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, associated: Uint8Array): Uint8Array | undefined
  /** For tests, which read it. */
  readonly memory: WebAssembly.Memory
}

interface Exports {
  memory: WebAssembly.Memory
  KEY_AT: WebAssembly.Global
  TAG_AT: WebAssembly.Global
  EXPECTED_AT: WebAssembly.Global
  TEXT_AT: WebAssembly.Global
  PIECE: WebAssembly.Global
  start: () => void
  authenticate: (length: number) => void
  encrypt: (length: number) => void
  rewind: () => void
  decrypt: (length: number) => void
  finish: (associatedSize: bigint, textSize: bigint) => number
  wipe: (used: number) => void
}

const KEY_SIZE = 32
const TAG_SIZE = 16

/** Starts the module in `bytes`. Throws where the runtime cannot. */
export function openAead(bytes: Uint8Array<ArrayBuffer>): AeadCore {
  const wasm = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as unknown as Exports
  const memory = new Uint8Array(wasm.memory.buffer)
  const [keyAt, tagAt, expectedAt, textAt, pieceSize] = [
    wasm.KEY_AT,
    wasm.TAG_AT,
    wasm.EXPECTED_AT,
    wasm.TEXT_AT,
    wasm.PIECE,
  ].map(Number) as [number, number, number, number, number]

  function start(key: Uint8Array, nonce: Uint8Array): void {
    memory.set(key, keyAt)
    memory.set(nonce, keyAt + KEY_SIZE)
    wasm.start()
  }

  /** Puts `from` through `step` piece by piece, and what the step made of it into `into`. */
  function pump(from: Uint8Array, step: (length: number) => void, into?: Uint8Array): void {
    for (let at = 0; at < from.length; at += pieceSize) {
      const length = Math.min(pieceSize, from.length - at)
      memory.set(from.subarray(at, at + length), textAt)
      step(length)
      into?.set(memory.subarray(textAt, textAt + length), at)
    }
  }

  /** How far into the piece a message reaches, and so how much of it has to be wiped. */
  function reach(...texts: readonly Uint8Array[]): number {
    return Math.min(pieceSize, Math.max(...texts.map((text) => text.length)))
  }

  return {
    memory: wasm.memory,

    seal(key, nonce, plaintext, associated, into) {
      try {
        start(key, nonce)
        pump(associated, wasm.authenticate)
        pump(plaintext, wasm.encrypt, into)
        wasm.finish(BigInt(associated.length), BigInt(plaintext.length))
        into.set(memory.subarray(tagAt, tagAt + TAG_SIZE), plaintext.length)
      } finally {
        wasm.wipe(reach(plaintext, associated))
      }
    },

    unseal(key, nonce, sealed, associated) {
      const ciphertext = sealed.subarray(0, sealed.length - TAG_SIZE)
      try {
        start(key, nonce)
        pump(associated, wasm.authenticate)
        pump(ciphertext, wasm.authenticate)
        memory.set(sealed.subarray(ciphertext.length), expectedAt)
        if (!wasm.finish(BigInt(associated.length), BigInt(ciphertext.length))) return undefined
        const plaintext = new Uint8Array(ciphertext.length)
        wasm.rewind()
        pump(ciphertext, wasm.decrypt, plaintext)
        return plaintext
      } finally {
        wasm.wipe(reach(ciphertext, associated))
      }
    },
  }
}
