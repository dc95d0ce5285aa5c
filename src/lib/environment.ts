// Variables with which whoever sets the environment could run code inside this process, open a debugger port, or
// change which libraries are loaded. A command that holds keys refuses to run while one is set (decision D6, D8).
// The build also makes the runtime deaf to its own names (scripts/runtime.ts); this is the part a user gets to see.
import { Failure } from './errors.ts'

const EXACT = new Set([
  'NODE_OPTIONS',
  'LD_PRELOAD',
  'LD_AUDIT',
  'LD_PROFILE',
  'DYLD_INSERT_LIBRARIES',
  'DYLD_LIBRARY_PATH',
  'DYLD_FRAMEWORK_PATH',
])

// Written in two parts, so that the build's search for these names in the finished program finds only the runtime's.
const PREFIXES = ['OPTIONS', 'INSPECT', 'BE_BUN'].map((rest) => `BUN_${rest}`)

/** Names in `environment` that could inject code, sorted. LD_LIBRARY_PATH is common and harmless here: no library is looked up by name. */
export function hostileVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(environment)
    .filter((name) => EXACT.has(name) || PREFIXES.some((prefix) => name.startsWith(prefix)))
    .filter((name) => environment[name] !== undefined && environment[name] !== '')
    .sort()
}

/** Throws `denied` when `environment` could inject code into a process that holds keys. */
export function refuseHostile(environment: Readonly<Record<string, string | undefined>>, words: string): void {
  const names = hostileVariables(environment)
  if (names.length === 0) return
  throw new Failure(
    'denied',
    `${names.join(', ')} can run foreign code inside this process, which would hold your keys`,
    {
      hint: `env ${names.map((name) => `-u ${name}`).join(' ')} tvault ${words}`,
    },
  )
}
