// Looking into the memory of the WASM modules.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The bytes of a module as scripts/wasm.ts built it. */
export function moduleBytes(name: 'argon2' | 'aead'): Uint8Array<ArrayBuffer> {
  return readFileSync(join(import.meta.dir, '..', '..', 'dist', `${name}.wasm`))
}

/** A copy of all of it, as it is now. */
export function look(memory: WebAssembly.Memory): Buffer<ArrayBuffer> {
  return Buffer.from(new Uint8Array(memory.buffer))
}

/** Addresses of the first words that are not zero, at most ten: none when a memory is wiped. */
export function remains(memory: WebAssembly.Memory): number[] {
  const words = new BigUint64Array(memory.buffer)
  const found: number[] = []
  for (let i = 0; i < words.length && found.length < 10; i++) if (words[i] !== 0n) found.push(8 * i)
  return found
}

type Functions = Record<string, unknown>

/**
 * Runs `use` while every new instance of a module has other functions in place of some of its own: the way to see what
 * happens when one fails, and to look into the memory at that moment.
 */
export function withExports<T>(others: (own: Functions) => Functions, use: () => T): T {
  const real = WebAssembly.Instance
  const changed = function (module: WebAssembly.Module, imports?: Bun.WebAssembly.Imports): unknown {
    const exports = new real(module, imports).exports as Functions
    return { exports: { ...exports, ...others(exports) } }
  }
  WebAssembly.Instance = changed as unknown as typeof WebAssembly.Instance
  try {
    return use()
  } finally {
    WebAssembly.Instance = real
  }
}
