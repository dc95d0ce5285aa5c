// Makes the Bun that is compiled into the product: a copy of the running one that does not know the names of the
// variables through which Bun lets its environment run code (BUN_OPTIONS=--preload …), turn the program into a
// plain Bun (BUN_BE_BUN) or open a debugger port (BUN_INSPECT). A name that starts with a NUL byte can never be set.
// Only the constant strings of the runtime are touched, before our own bundle is appended.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { constantSections } from './elf.ts'

/** Beginnings of names; every constant that starts with one is made unreachable. */
export const SILENCED = [
  'BUN_BE_BUN',
  'BUN_OPTIONS',
  'BUN_INSPECT',
  'BUN_DEBUG_',
  'BUN_BYTECODE_',
  'BUN_CONFIG_VERBOSE_FETCH',
  'BUN_ENABLE_CRASH_REPORTING',
  'BUN_CRASH_REPORT_URL',
  'BUN_RUNTIME_TRANSPILER_CACHE_PATH',
  'BUN_INTERNAL_',
  'BUN_FEATURE_FLAG_',
  'BUN_PLUGIN_NAME',
  'BUN_TCC_OPTIONS',
  'BUN_TMPDIR',
  'NODE_CHANNEL_FD',
  'NODE_REDIRECT_WARNINGS',
] as const

/** Those without which the build must not go on: if a new Bun spells them differently, somebody has to look. */
const REQUIRED = ['BUN_BE_BUN', 'BUN_OPTIONS', 'BUN_INSPECT'] as const

/** Overwrites the first byte of every name in `bytes`; returns how many there were of each. */
export function silence(bytes: Buffer, names: readonly string[] = SILENCED): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) {
    counts[name] = 0
    for (let at = bytes.indexOf(name); at >= 0; at = bytes.indexOf(name, at + 1)) {
      bytes[at] = 0
      counts[name] += 1
    }
  }
  return counts
}

/**
 * Writes the silenced copy of the Bun at `source` to `target` (0755) and returns how many constants were changed.
 * Throws when one of the names that matter most is not found.
 */
export function writeRuntime(source: string, target: string): number {
  const runtime = readFileSync(source)
  const counts: Record<string, number> = {}
  for (const { offset, size } of constantSections(runtime)) {
    for (const [name, count] of Object.entries(silence(runtime.subarray(offset, offset + size))))
      counts[name] = (counts[name] ?? 0) + count
  }
  const unknown = REQUIRED.filter((name) => !counts[name])
  if (unknown.length > 0)
    throw new Error(`the runtime does not know ${unknown.join(', ')}; look how this Bun spells it`)
  writeFileSync(target, runtime)
  chmodSync(target, 0o755)
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}
