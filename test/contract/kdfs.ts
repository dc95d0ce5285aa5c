// Every Argon2id that is at hand, behind one interface: for the contract suite, and for benches. Each says which
// inputs it can take; the rest of the interface is Argon2id as RFC 9106 has it.
import { argon2Sync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { argon2id as hashWasm } from 'hash-wasm'
import sodium from 'libsodium-wrappers-sumo'
import { core } from '../../src/crypto/core.ts'
import { argon2id as twin } from '../reference/argon2id.ts'
import type { Argon2Inputs, Argon2Work } from '../../src/crypto/core-argon2.ts'

export interface KdfCase {
  inputs: Required<Argon2Inputs>
  work: Argon2Work
  length: number
}

export interface Kdf {
  name: string
  can(one: KdfCase): boolean
  derive(one: KdfCase): Uint8Array | Promise<Uint8Array>
}

/** Our WASM core; throws where the runtime cannot run it, because then nothing would be tested. */
export const coreKdf: Kdf = {
  name: 'wasm core',
  can: () => true,
  derive({ inputs, work, length }) {
    const key = core.argon2()?.derive(inputs, work, length)
    if (key === undefined) throw new Error('the WASM core does not run here')
    return key
  },
}

export const nodeKdf: Kdf = {
  name: 'node:crypto',
  can: ({ inputs }) => inputs.salt.length >= 8,
  derive: ({ inputs, work, length }) =>
    argon2Sync('argon2id', {
      message: inputs.password,
      nonce: inputs.salt,
      secret: inputs.secret,
      associatedData: inputs.associated,
      memory: work.memoryKib,
      passes: work.passes,
      parallelism: work.lanes,
      tagLength: length,
    }),
}

export const twinKdf: Kdf = {
  name: 'the twin in test/reference',
  // A millisecond for each block.
  can: ({ work }) => work.memoryKib * work.passes <= 128,
  derive: ({ inputs, work, length }) => twin(inputs, work, length),
}

/** All implementations; ours first. Packages are loaded here, so that importing this file costs nothing. */
export async function kdfs(): Promise<Kdf[]> {
  return [coreKdf, twinKdf, nodeKdf, await argon2Browser(), await libsodium(), hashWasmKdf]
}

const hashWasmKdf: Kdf = {
  name: 'hash-wasm',
  can: ({ inputs }) => inputs.associated.length === 0 && inputs.salt.length >= 8 && inputs.password.length > 0,
  derive: ({ inputs, work, length }) =>
    hashWasm({
      password: inputs.password,
      salt: inputs.salt,
      ...(inputs.secret.length > 0 && { secret: inputs.secret }),
      memorySize: work.memoryKib,
      iterations: work.passes,
      parallelism: work.lanes,
      hashLength: length,
      outputType: 'binary',
    }),
}

async function libsodium(): Promise<Kdf> {
  await sodium.ready
  return {
    name: 'libsodium-wrappers-sumo',
    can: ({ inputs, work, length }) =>
      work.lanes === 1 &&
      inputs.salt.length === sodium.crypto_pwhash_SALTBYTES &&
      inputs.secret.length + inputs.associated.length === 0 &&
      length >= 16,
    derive: ({ inputs, work, length }) =>
      sodium.crypto_pwhash(
        length,
        inputs.password,
        inputs.salt,
        work.passes,
        1024 * work.memoryKib,
        sodium.crypto_pwhash_ALG_ARGON2ID13,
      ),
  }
}

/**
 * argon2-browser, whose own way of loading calls `fetch` for a file when it believes to run in Node: it gets the module
 * and its bytes from us. It then waits for a `postRun` that may be over already, so ours is called when it is set.
 * Emscripten also puts listeners for uncaught errors on the process; they are taken off again.
 */
async function argon2Browser(): Promise<Kdf> {
  const folder = join(import.meta.dir, '..', '..', 'node_modules', 'argon2-browser', 'dist')
  const world = globalThis as { Module?: unknown; loadArgon2WasmModule?: () => Promise<unknown> }
  const events = ['uncaughtException', 'unhandledRejection'] as const
  const before = new Map(events.map((event) => [event, new Set(process.listeners(event as 'uncaughtException'))]))
  const { promise: started, resolve: postRun } = Promise.withResolvers<void>()
  world.Module = { wasmBinary: readFileSync(join(folder, 'argon2.wasm')), postRun }
  const loaded = ((await import('argon2-browser/dist/argon2.js')) as { default: object }).default
  await started
  Object.defineProperty(loaded, 'postRun', {
    set(run: () => void) {
      run()
    },
  })
  world.loadArgon2WasmModule = () => Promise.resolve(loaded)
  const { hash, ArgonType } = await import('argon2-browser')
  const run = ({ inputs, work, length }: KdfCase): Promise<Uint8Array> =>
    hash({
      pass: inputs.password,
      salt: inputs.salt,
      ...(inputs.secret.length > 0 && { secret: inputs.secret }),
      ...(inputs.associated.length > 0 && { ad: inputs.associated }),
      time: work.passes,
      mem: work.memoryKib,
      parallelism: work.lanes,
      hashLen: length,
      type: ArgonType.Argon2id,
    }).then((answer) => answer.hash)
  const first = { password: new Uint8Array(1), salt: new Uint8Array(8), secret: new Uint8Array(0) }
  await run({
    inputs: { ...first, associated: new Uint8Array(0) },
    work: { memoryKib: 8, passes: 1, lanes: 1 },
    length: 32,
  })
  for (const event of events) {
    for (const listener of process.listeners(event as 'uncaughtException')) {
      if (!before.get(event)?.has(listener)) process.off(event, listener)
    }
  }
  delete world.Module
  delete world.loadArgon2WasmModule
  return { name: 'argon2-browser', can: ({ inputs }) => inputs.salt.length >= 8, derive: run }
}
