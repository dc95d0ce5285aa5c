// Length, first lines, leftovers, forbidden words, writes to LMDB, and what must not be in any tracked file.
import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { plant, readHouse, ROOT } from './house.ts'
import { headFaults, lengthFaults, MAX_LINES, ruleFaults, RULES, writeFaults } from './rules.ts'

const everything = readHouse(['src', 'wasm', 'scripts', 'bench', 'test'], ['.ts', '.mjs'])
const product = new Map([...everything].filter(([path]) => !path.startsWith('test/')))

test('the reader sees all parts of the repository', () => {
  for (const part of [
    'src/lib/out.ts',
    'scripts/build.ts',
    'scripts/bootstrap.mjs',
    'bench/harness.ts',
    'test/house/rules.ts',
  ]) {
    expect([...everything.keys()]).toContain(part)
  }
  expect([...everything.keys()].some((path) => path.startsWith('wasm/'))).toBeTrue()
})

describe('length and first lines', () => {
  test(`no file of the product is longer than ${MAX_LINES} lines`, () => expect(lengthFaults(product)).toEqual([]))
  test('every file of the product says what it is for', () => expect(headFaults(product)).toEqual([]))

  test('planted ones are caught', () => {
    const lines = (count: number): string => '// x\n'.repeat(count).trimEnd()
    expect(lengthFaults(new Map([['src/a.ts', `${lines(400)}\n`]]))).toEqual([])
    expect(lengthFaults(new Map([['src/a.ts', `${lines(401)}\n`]]))).toHaveLength(1)
    expect(headFaults(new Map([['src/a.ts', 'export const a = 1\n']]))).toHaveLength(1)
  })
})

describe('forbidden words', () => {
  test('there are none', () => expect(ruleFaults(everything)).toEqual([]))

  test.each([
    ['src/lib/bytes.ts', `// ${'TO'}DO later`],
    ['test/lib/a.test.ts', `test.${'on'}ly('x', () => {})`],
    ['src/commands/get.ts', 'if (process.stdout.isTTY) out()'],
    ['src/commands/get.ts', "console.log('x')"],
    ['src/store/lmdb.ts', 'return db.getBinaryFast(key)'],
    ['src/store/lmdb.ts', 'await db.transaction(() => work())'],
    ['src/store/lmdb.ts', 'db.transactionSync(() => db.put(key, value))'],
    ['src/crypto/random.ts', 'Math.random()'],
  ])('planted in %s: %s', (path, line) => {
    expect(ruleFaults(new Map([[path, line]]))).toHaveLength(1)
  })

  test('comments and strings are not code', () => {
    expect(ruleFaults(new Map([['src/lib/a.ts', '// process.stdout is slow\n/* Math.random */']]))).toEqual([])
  })

  test('every rule is about files that exist', () => {
    for (const rule of RULES) expect([...everything.keys()].some((path) => rule.where.test(path))).toBeTrue()
  })
})

describe('writes to LMDB', () => {
  const head = "import { open } from 'lmdb'\n"

  test('the store writes inside of transactions only', () => {
    expect([...product].some(([path, text]) => path === 'src/store/lmdb.ts' && text.includes("from 'lmdb'"))).toBeTrue()
    expect(writeFaults(product)).toEqual([])
  })

  test('planted ones are caught', () => {
    expect(writeFaults(new Map([['a.ts', `${head}function f() { db.put(k, v) }`]]))).toHaveLength(1)
    expect(
      writeFaults(new Map([['a.ts', `${head}db.transactionSync(() => { db.put(k, v) })\ndb.remove(k)`]])),
    ).toHaveLength(1)
    expect(
      writeFaults(new Map([['a.ts', `${head}db.transactionSync(() => { for (const k of ks) { db.put(k, v) } })`]])),
    ).toEqual([])
  })
})

describe('tracked files', () => {
  // Put together here, so that this file does not hold what it looks for.
  const machinePath = new RegExp(`(?:^|[^A-Za-z0-9_.-])/(?:${['wo' + 'rk', 'fa' + 'rm', 'ro' + 'ot'].join('|')})/`)
  const registry = new RegExp(
    ['registry' + '\\.(?:npmjs|yarnpkg)', 'npm' + 'mirror', 'jf' + 'rog', 'art' + 'ifactory'].join('|'),
    'i',
  )
  const forbidden = (text: string): boolean =>
    text.split('\n').some((line) => machinePath.test(line) || registry.test(line))

  test('name no machine path and no registry', () => {
    const listed = Bun.spawnSync(['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT })
    const names =
      listed.exitCode === 0
        ? listed.stdout
            .toString()
            .split('\0')
            .filter((name) => name !== '')
        : [...everything.keys(), 'README.md', 'bun.lock']
    expect(names).toContain('package.json')
    const found = names.filter((name) => {
      const bytes = existsSync(join(ROOT, name)) ? readFileSync(join(ROOT, name)) : Buffer.alloc(0)
      return !bytes.includes(0) && forbidden(bytes.toString('utf8'))
    })
    expect(found).toEqual([])
  })

  test('planted ones are caught', () => {
    expect(forbidden(`cd ${'/wo'}rk/main`)).toBeTrue()
    expect(forbidden(`"${'/ro'}ot/.config"`)).toBeTrue()
    expect(forbidden(`"resolved": "https://registry${'.npm'}js.org/x"`)).toBeTrue()
    expect(forbidden('the root of the tree, src/work/x')).toBeFalse()
  })
})

test('planting changes a copy only', () => {
  const before = everything.get('src/lib/out.ts')
  plant(everything, 'src/lib/out.ts', '// changed')
  expect(everything.get('src/lib/out.ts')).toBe(before!)
})
