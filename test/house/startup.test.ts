// What is parsed before the first command runs: the static imports of main.ts and of the frame in the real bundle.
// Heavy rooms and packages must be reachable through `import()` only, or every start pays for them.
import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join, relative } from 'node:path'
import { BY_NAME, byName } from '../../src/commands/by-name.ts'
import { AHEAD } from '../../src/context/ahead.ts'
import { meant } from '../../src/modes/cli/words.ts'
import { ROOT } from './house.ts'

const HEAVY = /node_modules\/|^src\/(?:vault|store|crypto|guard)\/|\.wasm$|\.bin$|\.node$/
/** Built-ins that cost milliseconds to load (design: 3 ms for node:tty, 2 for node:net). */
const SLOW = /^node:(?:tty|net|http|https|child_process|worker_threads|readline|zlib)$/
const ALLOWED = /^node_modules\/cac\//

const ENTRIES: readonly string[] = ['src/main.ts', 'src/modes/cli/index.ts']

type Inputs = Map<string, Bun.BuildMetafile['inputs'][string]['imports']>
let asItIs: Promise<Inputs> | undefined

/** Files that the entry and the frame reach without `import()`, in a bundle where `changed` files hold other text. */
async function eager(changed: Record<string, string> = {}, entries = ENTRIES): Promise<string[]> {
  const unchanged = Object.keys(changed).length === 0
  const inputs = await (unchanged ? (asItIs ??= imports(changed)) : imports(changed))
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

/** What each file of that bundle imports. */
async function imports(changed: Record<string, string>): Promise<Inputs> {
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
  return new Map(Object.entries(built.metafile!.inputs).map(([path, input]) => [fromRoot(path), input.imports]))
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

test('the start reaches the frame, and neither a command nor anything heavy', async () => {
  const paths = await eager()
  for (const expected of ['src/main.ts', 'src/modes/cli/index.ts', 'src/commands/execute.ts', 'src/lib/errors.ts']) {
    expect(paths).toContain(expected)
  }
  expect(paths.filter((path) => /^src\/commands\/(?:index|get|list)\.ts$/.test(path))).toEqual([])
  expect(heavy(paths)).toEqual([])
})

test('the table reaches the commands, and nothing heavy', async () => {
  const paths = await eager({}, ['src/modes/cli/table.ts'])
  for (const expected of ['src/commands/index.ts', 'src/commands/get.ts']) expect(paths).toContain(expected)
  expect(heavy(paths)).toEqual([])
})

test('the server for AI agents reaches nothing of the page for its owner until somebody waits', async () => {
  const paths = await eager({}, ['src/modes/mcp/server.ts', 'src/modes/mcp/sdk.ts', 'src/context/mcp.ts'])
  expect(paths).toContain('src/context/mcp-agent.ts')
  expect(paths.filter((path) => /approval-(?:http|page)|ask-by-page|form-body|received|loopback/.test(path))).toEqual(
    [],
  )
})

test('a command that is loaded by its name is what the table would have found, and asks for no catalogue', async () => {
  for (const name of Object.keys(BY_NAME)) {
    const command = await byName(name)
    expect(command?.path).toBe(name)
    for (const words of [[name], [name, 'KEY'], [name, '-p', 'web', 'KEY'], [name, '--', 'KEY']]) {
      expect(meant(words)).toEqual({ command: command!, rest: words.slice(1) })
    }
    const reached = await eager({}, [`src/commands/${name}.ts`])
    for (const path of reached.filter((one) => one.startsWith('src/commands/'))) {
      expect([path, readFileSync(join(ROOT, path), 'utf8').includes('.catalog(')]).toEqual([path, false])
    }
  }
  expect(await byName('toString')).toBeUndefined()
  expect(await byName('env')).toBeUndefined()
})

test('a key is begun early only for commands that hold keys', async () => {
  for (const name of AHEAD) expect([name, (await byName(name))?.holdsKeys]).toEqual([name, true])
})

test('`--version` is answered before the frame is loaded', async () => {
  expect(await eager({}, ['src/main.ts'])).not.toContain('src/modes/cli/index.ts')
})

test('`--version` and a value from the agent reach nothing but what they need', async () => {
  expect((await eager({}, ['src/main.ts'])).toSorted()).toEqual([
    // Written with `require`, and so loaded with the first function of the C library.
    'bun:ffi',
    'package.json',
    'src/context/quick-get.ts',
    'src/lib/build.ts',
    'src/lib/native-exchange.ts',
    'src/lib/native-library.ts',
    'src/lib/unix-socket.ts',
    'src/main.ts',
    'src/modes/agent/quick.ts',
    'src/modes/agent/wire.ts',
  ])
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
