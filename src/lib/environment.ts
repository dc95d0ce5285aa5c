// Variables with which whoever sets the environment could run code inside this process, open a debugger port, or
// change which libraries are loaded. A command that holds keys refuses to run while one is set (decision D6, D8).
// The build also makes the runtime deaf to its own names (scripts/runtime.ts); this is the part a user gets to see.
import { Failure } from './errors.ts'

/** Names the descriptor by which a process handed secrets to itself (context/start-anew.ts); set by nobody else. */
export const HANDED_OVER = 'TVAULT_HANDED_OVER'

const EXACT = new Set(['LD_PRELOAD', 'LD_AUDIT', 'LD_PROFILE'])

// Written in two parts, so that the build's search for these names in the finished program finds only the runtime's.
const PREFIXES = [...['OPTIONS', 'INSPECT', 'BE_BUN', 'JSC_'].map((rest) => `BUN_${rest}`), 'DYLD_']

/** A search path with an empty or relative entry makes the loader look in the current folder. Absolute ones are common. */
function searchesHere(name: string, value: string | undefined): boolean {
  return name === 'LD_LIBRARY_PATH' && !!value && value.split(/[:;]/).some((entry) => !entry.startsWith('/'))
}

/** What developers set for Node in their shells: sizes and warnings. Anything else may load code or open a port. */
const HARMLESS_FOR_NODE =
  /^(?:--(?:max[-_](?:old|semi)[-_]space[-_]size|max-http-header-size|stack-trace-limit)=\d+|--(?:no-)?(?:warnings|deprecation)|--enable-source-maps|--openssl-legacy-provider|--trace-(?:warnings|deprecation|uncaught))$/

function orders(name: string, value: string | undefined): boolean {
  return (
    name === 'NODE_OPTIONS' &&
    !!value &&
    value.split(/\s+/).some((word) => word !== '' && !HARMLESS_FOR_NODE.test(word))
  )
}

/** Names in `environment` that could inject code, sorted. */
export function hostileVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(environment)
    .filter(
      (name) =>
        EXACT.has(name) ||
        PREFIXES.some((prefix) => name.startsWith(prefix)) ||
        searchesHere(name, environment[name]) ||
        orders(name, environment[name]),
    )
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
