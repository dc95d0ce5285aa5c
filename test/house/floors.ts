// Which room may look at which. `values` may be imported statically, `types` with `import type`, `later` with
// `import()` only. Everything else is an upward look. Each package and each dangerous built-in has its door files.
import { importsOf, roomOf } from './house.ts'
import type { House } from './house.ts'

interface Floor {
  values: readonly string[]
  types?: readonly string[]
  later?: readonly string[]
}

export const FLOORS: Readonly<Record<string, Floor>> = {
  lib: { values: [] },
  crypto: { values: ['lib'] },
  store: { values: ['lib'] },
  formats: { values: ['lib', 'crypto'] },
  guard: { values: ['lib'] },
  faces: { values: ['lib'] },
  vault: { values: ['lib', 'crypto'], types: ['store'] },
  // What other programs keep: read only. Its containers are loaded with `import()` when a file of the kind is there.
  foreign: { values: ['lib', 'crypto', 'formats'], types: ['vault'] },
  // Filters and drivers that git starts: no vault, only identities that the command hands over.
  git: { values: ['lib', 'crypto', 'formats', 'guard'] },
  commands: {
    values: ['lib', 'formats', 'faces'],
    types: ['vault', 'guard', 'crypto', 'foreign', 'git', 'modes/agent'],
    later: ['git'],
  },
  settings: { values: ['lib'], types: ['commands'] },
  // The frame asks for a context only when a command is going to run.
  'modes/cli': { values: ['lib', 'faces', 'commands'], types: ['vault'], later: ['context', 'settings'] },
  'modes/agent': { values: ['lib', 'commands'], types: ['vault'] },
  // Tools are commands, called by the names and arguments that AI agents know.
  'modes/mcp': { values: ['lib', 'faces', 'commands'], types: ['vault'] },
  context: {
    values: ['lib', 'commands', 'settings', 'modes/cli', 'modes/agent'],
    types: ['vault', 'store', 'crypto', 'guard', 'formats', 'faces', 'foreign', 'modes/mcp'],
    later: ['vault', 'store', 'crypto', 'guard', 'formats', 'faces', 'topics', 'foreign', 'git', 'modes/mcp'],
  },
  main: { values: ['lib', 'modes/cli', 'context', 'settings'], later: ['modes/cli', 'context', 'guard'] },
}

/** Where each package or built-in may be imported; everything not listed is allowed anywhere, packages nowhere. */
export const DOORS: Readonly<Record<string, RegExp>> = {
  lmdb: /^src\/store\/lmdb\.ts$/,
  cac: /^src\/modes\/cli\/argv\.ts$/,
  kdbxweb: /^src\/foreign\/kdbx\.ts$/,
  'age-encryption': /^src\/foreign\/age\.ts$/,
  eciesjs: /^src\/foreign\/ecies\.ts$/,
  '@modelcontextprotocol/sdk/server/index.js': /^src\/modes\/mcp\/sdk\.ts$/,
  '@modelcontextprotocol/sdk/types.js': /^src\/modes\/mcp\/sdk\.ts$/,
  '@clack/prompts': /^src\/modes\/cli\/prompt\.ts$/,
  'bun:ffi': /^src\/lib\/native[^/]*\.ts$|^src\/lib\/native\/[^/]+\.ts$/,
  'node:crypto': /^src\/crypto\//,
  'node:child_process': /^$/,
  // Costs 3 ms to load; prompt.ts loads it when it draws.
  'node:tty': /^src\/modes\/cli\/prompt\.ts$/,
  'node:readline': /^$/,
  'node:net': /^$/,
  'node:http': /^$/,
  'node:https': /^$/,
}

/** Upward or sideways looks, unknown rooms, files that are not there, and packages outside their door. */
export function floorFaults(house: House): string[] {
  const faults: string[] = []
  for (const [path, text] of house) {
    const room = roomOf(path)
    const floor = FLOORS[room]
    if (!floor) faults.push(`${path}: the room ${room} stands on no floor`)
    for (const { specifier, target, kind } of importsOf(path, text)) {
      if (target === undefined) {
        const door = DOORS[specifier]
        const free = /^(node|bun):/.test(specifier) || specifier === 'bun'
        if (door ? !door.test(path) : !free) faults.push(`${path}: ${specifier} has no door here`)
        continue
      }
      if (!target.startsWith('src/') || !target.endsWith('.ts')) continue
      if (!house.has(target)) faults.push(`${path}: imports ${target}, which is not there`)
      const other = roomOf(target)
      if (other === room) continue
      const allowed = [
        ...(floor?.values ?? []),
        ...(kind === 'type' ? (floor?.types ?? []) : []),
        ...(kind === 'dynamic' ? (floor?.later ?? []) : []),
      ]
      if (!allowed.includes(other)) faults.push(`${path}: ${room} may not import ${kind}s of ${other} (${target})`)
    }
  }
  return faults
}

/** Commands know neither each other nor their table; there are no barrels. */
export function siblingFaults(house: House): string[] {
  const isCommand = (path: string): boolean =>
    path.startsWith('src/commands/') && /\bexport default define\(/.test(house.get(path) ?? '')
  const faults: string[] = []
  for (const [path, text] of house) {
    if (isCommand(path)) {
      for (const { target } of importsOf(path, text)) {
        if (target && isCommand(target)) faults.push(`${path}: imports its sibling ${target}`)
        if (target === 'src/commands/index.ts') faults.push(`${path}: imports the table of commands`)
      }
    }
    // The type of a parameter may be passed on; a value is imported from where it is made.
    if (/^export\s+(?:\*|\{[^}]*\})\s+from\b/m.test(text)) faults.push(`${path}: re-exports another file`)
  }
  return faults
}

/** Circles of imports, types and `import()` included, each as `a → b → a`. */
export function circles(house: House): string[] {
  const edges = new Map<string, string[]>()
  for (const [path, text] of house) {
    const targets = importsOf(path, text).map((found) => found.target)
    edges.set(
      path,
      [...new Set(targets)].filter((target): target is string => target !== undefined && house.has(target)),
    )
  }
  const found = new Set<string>()
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): void => {
    const seen = trail.indexOf(path)
    if (seen >= 0) found.add([...trail.slice(seen), path].join(' → '))
    if (seen >= 0 || done.has(path)) return
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path])
    done.add(path)
  }
  for (const path of edges.keys()) visit(path, [])
  return [...found]
}
