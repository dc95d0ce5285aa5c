// What is parsed before the first command runs: the static imports of main.ts and of the frame in the real bundle.
// Heavy rooms and packages must be reachable through `import()` only, or every start pays for them.
import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join, relative } from 'node:path'
import { ROOT } from './house.ts'

const HEAVY = /node_modules\/|^src\/(?:vault|store|crypto|guard)\/|\.wasm$|\.bin$|\.node$/
/** Built-ins that cost milliseconds to load (design: 3 ms for node:tty, 2 for node:net). */
const SLOW = /^node:(?:tty|net|http|https|child_process|worker_threads|readline|zlib)$/
const ALLOWED = /^node_modules\/cac\//

const ENTRIES: readonly string[] = ['src/main.ts', 'src/modes/cli/index.ts']

/** Files that the entry and the frame reach without `import()`, in a bundle where `changed` files hold other text. */
async function eager(changed: Record<string, string> = {}, entries = ENTRIES): Promise<string[]> {
  const built = await Bun.build({
    entrypoints: [join(ROOT, 'src/main.ts')],
    target: 'bun',
    format: 'esm',
    splitting: true,
    metafile: true,
    throw: true,
    external: ['lmdb'],
    files: Object.fromEntries(Object.entries(changed).map(([path, text]) => [join(ROOT, path), text])),
  })
  const inputs = new Map(Object.entries(built.metafile!.inputs).map(([path, input]) => [fromRoot(path), input.imports]))
  const seen = new Set<string>()
  const queue = [...entries]
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (seen.has(path)) continue
    seen.add(path)
    for (const found of inputs.get(path) ?? []) {
      if (found.kind === 'dynamic-import') continue
      queue.push(found.external ? outside(found.path) : fromRoot(found.path))
    }
  }
  return [...seen]
}

/** A built-in by its full name, or a package as a path. The metafile drops the `node:` of built-ins. */
function outside(specifier: string): string {
  return isBuiltin(specifier) ? specifier.replace(/^(?!bun|node:)/, 'node:') : `node_modules/${specifier}`
}

/** The metafile names paths relative to the current folder or absolute; here always relative to the root. */
function fromRoot(path: string): string {
  return path.startsWith('/') ? relative(ROOT, path) : relative(ROOT, join(process.cwd(), path))
}

const heavy = (paths: readonly string[]): string[] =>
  paths.filter((path) => SLOW.test(path) || (HEAVY.test(path) && !ALLOWED.test(path)))

test('the start reaches the frame and the commands, and nothing heavy', async () => {
  const paths = await eager()
  for (const expected of [
    'src/main.ts',
    'src/modes/cli/index.ts',
    'src/commands/index.ts',
    'src/commands/get.ts',
    'src/lib/errors.ts',
  ]) {
    expect(paths).toContain(expected)
  }
  expect(heavy(paths)).toEqual([])
})

test('`--version` is answered before the frame is loaded', async () => {
  expect(await eager({}, ['src/main.ts'])).not.toContain('src/modes/cli/index.ts')
})

test('--version reaches nothing but what it prints', async () => {
  expect((await eager({}, ['src/main.ts'])).toSorted()).toEqual(['package.json', 'src/lib/build.ts', 'src/main.ts'])
})

test.each([
  ["import { open } from 'lmdb'\nglobalThis.x = open", 'node_modules/lmdb'],
  ["import { Vault } from './vault/vault.ts'\nglobalThis.x = Vault", 'src/vault/vault.ts'],
  ["import { isatty } from 'node:tty'\nglobalThis.x = isatty", 'node:tty'],
  ["import * as clack from '@clack/prompts'\nglobalThis.x = clack", 'node_modules/@clack/prompts'],
])('a planted eager import is caught: %s', async (line, expected) => {
  const text = readFileSync(join(ROOT, 'src/main.ts'), 'utf8')
  expect(heavy(await eager({ 'src/main.ts': `${line}\n${text}` })).join('\n')).toContain(expected)
})
