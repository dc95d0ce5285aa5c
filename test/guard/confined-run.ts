// Programs run confined by a test, in directories made for it, with the launcher in one file.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runConfined } from '../../src/guard/confined.ts'
import type { ConfinedAround, ConfinedResult, ConfinedWish } from '../../src/guard/confined.ts'

/** Another user must get in, so it is not the directory of the test run, which is closed to others. */
const ANYBODYS = '/tmp'

/** A directory of this run, with `work` to write to and a vault that is hidden. */
export const root = realpathSync(mkdtempSync(join(ANYBODYS, 'confined-')))
export const work = join(root, 'work')
export const vault = join(root, 'vault')
export const vaultFile = join(vault, 'vault.db')
const launcher = join(root, 'launcher.js')
export const around: ConfinedAround = {
  environment: {
    HOME: root,
    TMPDIR: root,
    LANG: 'C.UTF-8',
    TVAULT_PASSPHRASE: 'open sesame',
    HOST_TOKEN: 'of the host',
  },
  launcher: [process.execPath, launcher],
}

/** To be called before all tests. */
export async function prepare(): Promise<void> {
  // Again, when another file of tests has cleaned up.
  for (const directory of [work, vault]) mkdirSync(directory, { recursive: true })
  writeFileSync(vaultFile, 'ciphertext')
  const entrypoints = [join(import.meta.dir, 'confined-launcher.ts')]
  const { outputs } = await Bun.build({ entrypoints, target: 'bun', throw: true })
  await Bun.write(launcher, outputs[0]!)
}

/** To be called after all tests. */
export function cleanUp(): void {
  rmSync(root, { recursive: true, force: true })
}

export const wish: ConfinedWish = {
  command: ['true'],
  directory: work,
  files: { write: [work], hidden: [vault] },
  network: 'none',
  given: [],
  timeoutSeconds: 30,
  headBytes: 100_000,
  tailBytes: 1000,
  required: false,
}

export interface Ran extends Omit<ConfinedResult, 'stdout' | 'stderr'> {
  out: string
  err: string
}

/** Runs `command` as `wish`, with changes. */
export async function run(
  command: string[],
  more: Partial<ConfinedWish> = {},
  beside: Partial<ConfinedAround> = {},
): Promise<Ran> {
  const { stdout, stderr, ...rest } = await runConfined({ ...wish, command, ...more }, { ...around, ...beside })
  const text = ({ head, tail }: typeof stdout): string => Buffer.concat([head, tail]).toString('latin1')
  return { ...rest, out: text(stdout), err: text(stderr) }
}

export const sh = (script: string): string[] => ['sh', '-c', script]
