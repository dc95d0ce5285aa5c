// The WASM core, loaded on first use and only once: a second memory of 64 MiB would be a second thing to wipe.
// scripts/wasm.ts builds the two modules from wasm/; they are embedded in the compiled program.
import { readFileSync } from 'node:fs'
import aeadPath from '../../dist/aead.wasm' with { type: 'file' }
import argon2Path from '../../dist/argon2.wasm' with { type: 'file' }
import { Failure } from '../lib/errors.ts'
import { openAead } from './core-aead.ts'
import { openArgon2 } from './core-argon2.ts'
import type { AeadCore } from './core-aead.ts'
import type { Argon2Core } from './core-argon2.ts'

const PATHS = { aead: aeadPath, argon2: argon2Path }

/** Gives the bytes of one module. Tests give modules of their own. */
export type Loader = (name: keyof typeof PATHS) => Uint8Array<ArrayBuffer>

export interface Core {
  /** Argon2id, or undefined where this runtime cannot run the module: then node:crypto serves. */
  argon2(): Argon2Core | undefined
  /** ChaCha20-Poly1305. Throws `failed` where this runtime cannot run the module: Bun has no other one. */
  aead(): AeadCore
}

/** A core whose modules come from `load`, each when it is first asked for. */
export function createCore(load: Loader): Core {
  let argon2: Argon2Core | null | undefined
  let aead: AeadCore | undefined
  return {
    argon2() {
      if (argon2 === undefined) {
        try {
          argon2 = openArgon2(load('argon2'))
        } catch {
          // No WebAssembly, no vectors, no shared memory, or an address space too small to reserve one.
          argon2 = null
        }
      }
      return argon2 ?? undefined
    },
    aead() {
      try {
        aead ??= openAead(load('aead'))
      } catch (cause) {
        throw new Failure('failed', 'this runtime cannot run the cipher ChaCha20-Poly1305', { cause })
      }
      return aead
    },
  }
}

/** The core that is built into the program. */
export const core = createCore((name) => readFileSync(PATHS[name]))
