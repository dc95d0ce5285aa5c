// The house as data: every source file with its text, and what each one imports. Guards are pure functions from a
// House to a list of faults, so that a test can plant a fault in a copy and see it caught.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

export const ROOT = join(import.meta.dir, '..', '..')

/** Path relative to the root, with forward slashes → text. */
export type House = ReadonlyMap<string, string>

export interface Import {
  /** As written: './errors.ts', 'lmdb', 'node:fs'. */
  specifier: string
  /** Path of the file in the house, for relative specifiers. */
  target: string | undefined
  kind: 'value' | 'type' | 'dynamic'
}

/** Reads all files with one of `endings` below the given folders of the repository. */
export function readHouse(folders: readonly string[] = ['src'], endings: readonly string[] = ['.ts']): House {
  const house = new Map<string, string>()
  const walk = (path: string): void => {
    for (const entry of readdirSync(join(ROOT, path)).toSorted()) {
      const inner = `${path}/${entry}`
      if (statSync(join(ROOT, inner)).isDirectory()) walk(inner)
      else if (endings.some((ending) => entry.endsWith(ending)))
        house.set(inner, readFileSync(join(ROOT, inner), 'utf8'))
    }
  }
  for (const folder of folders) walk(folder)
  return house
}

/** A copy of `house` in which `path` holds `text`, or `text` is put in front of what it held. */
export function plant(house: House, path: string, text: string): House {
  return new Map(house).set(path, `${text}\n${house.get(path) ?? ''}`)
}

/** `text` with comments blanked out (same length, same lines), so that prose cannot look like code. */
export function withoutComments(text: string): string {
  const token = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g
  return text.replace(token, (found) => (/^\/[/*]/.test(found) ? found.replace(/[^\n]/g, ' ') : found))
}

const STATIC = /^[ \t]*(?:import|export)\s+(?:(type)\s)?(?:[^'"`;]*?\sfrom\s+)?(['"])([^'"\n]+)\2/gm
const DYNAMIC = /\b(?:import|require(?:\.resolve)?)\(\s*(['"])([^'"\n]+)\1/g
const WORKER = /new URL\(\s*(['"])(\.[^'"\n]+)\1\s*,\s*import\.meta\.url/g

/** Every import of one file: values, types, `import()` and worker files. */
export function importsOf(path: string, text: string): Import[] {
  const code = withoutComments(text)
  const found: Import[] = []
  const add = (specifier: string, kind: Import['kind']): void => {
    const target = specifier.startsWith('.') ? normalize(join(dirname(path), specifier)) : undefined
    found.push({ specifier, target, kind })
  }
  for (const match of code.matchAll(STATIC)) add(match[3]!, match[1] === 'type' ? 'type' : 'value')
  for (const match of code.matchAll(DYNAMIC)) add(match[2]!, 'dynamic')
  for (const match of code.matchAll(WORKER)) add(match[2]!, 'dynamic')
  return found
}

/** The room a file of src/ is in: `lib`, `vault`, `modes/cli`; `context` for the composition root. */
export function roomOf(path: string): string {
  const [, first = '', second = '', third] = path.split('/')
  if (first === 'modes') return third === undefined ? 'modes' : `modes/${second}`
  return second === '' ? (['main.ts', 'settings.ts'].includes(first) ? first.slice(0, -3) : 'context') : first
}

/** Lines of `text` (from 1) in which `pattern` is found in code, not in comments. */
export function linesWith(text: string, pattern: RegExp): number[] {
  return withoutComments(text)
    .split('\n')
    .flatMap((line, index) => (pattern.test(line) ? [index + 1] : []))
}
