// The vectors of project Wycheproof, which are not in this repository: from the folder TVAULT_VECTORS names, or
// from shared/vectors/wycheproof beside the repository. Without them a line says so, and the committed vectors remain.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder =
  process.env['TVAULT_VECTORS'] ?? join(import.meta.dir, '..', '..', '..', 'shared', 'vectors', 'wycheproof')

export interface Vector {
  tcId: number
  comment: string
  result: 'valid' | 'invalid' | 'acceptable'
  /** Everything else: hexadecimal text, or sizes. */
  [field: string]: unknown
}

export interface Group {
  /** Sizes in bits. */
  ivSize?: number
  keySize: number
  tagSize?: number
  tests: Vector[]
}

/** The groups of `<name>_test.json`, or undefined after saying that the file is not there. */
export function wycheproof(name: string): Group[] | undefined {
  const path = join(folder, `${name}_test.json`)
  if (!existsSync(path)) {
    console.log(`vectors: no Wycheproof file ${name}_test.json here; only the committed vectors run`)
    return undefined
  }
  return (JSON.parse(readFileSync(path, 'utf8')) as { testGroups: Group[] }).testGroups
}

/** The bytes of a hexadecimal field. */
export function field(vector: Vector, name: string): Uint8Array {
  const text = vector[name]
  if (typeof text !== 'string') throw new Error(`vector ${vector.tcId} has no field ${name}`)
  return Uint8Array.fromHex(text)
}
