import { describe, expect, test } from 'bun:test'
import remove from '../../src/commands/delete.ts'
import generate from '../../src/commands/generate.ts'
import get from '../../src/commands/get.ts'
import history from '../../src/commands/history.ts'
import list from '../../src/commands/list.ts'
import rollback from '../../src/commands/rollback.ts'
import search from '../../src/commands/search.ts'
import set from '../../src/commands/set.ts'
import { utf8 } from '../../src/lib/bytes.ts'
import { Secret } from '../../src/lib/secret.ts'
import { room } from './room.ts'
import type { Room } from './room.ts'

const value = (typed: string) => Secret.fromText(typed)
const put = (here: Room, name: string, typed: string) => here.call(set, { name, value: value(typed) })

describe('set', () => {
  test('an argument is stored, told on stderr and warned about', async () => {
    const here = room()
    const { out, note, json } = await put(here, 'DB_URL', 'postgres://x')
    expect(out).toBe('')
    expect(note).toBe("Secret 'DB_URL' set successfully")
    expect(json).toEqual({ key: 'DB_URL', project: 'default', version: 1, change: 'created', changed: true })
    expect(here.played.said.join()).toContain('shell history')
    expect((await here.call(get, { key: 'DB_URL' })).out).toBe('postgres://x')
  })

  test('without a source a person is asked, hidden', async () => {
    const here = room()
    here.played.hidden = ['typed']
    await here.call(set, { name: 'A' })
    expect(here.played.said).toEqual([
      'Value of A in project default; what you type is not shown.',
      'Enter secret value: ',
    ])
    expect((await here.call(get, { key: 'A' })).out).toBe('typed')
  })

  test('--stdin drops exactly one newline, --from-file nothing', async () => {
    const here = room()
    here.played.files = { '-': utf8('two\r\n\n'), 'key.pem': utf8('pem\n') }
    await here.call(set, { name: 'A', stdin: true })
    await here.call(set, { name: 'B', 'from-file': 'key.pem' })
    await here.call(set, { name: 'C', 'from-file': '-' })
    expect((await here.call(get, { key: 'A' })).out).toBe('two\r\n')
    expect((await here.call(get, { key: 'B' })).out).toBe('pem\n')
    expect((await here.call(get, { key: 'C' })).out).toBe('two\r\n\n')
  })

  test('a pipe is read without a flag', async () => {
    const here = room()
    here.played.stdinIsTerminal = false
    here.played.files = { '-': utf8('piped\n') }
    await here.call(set, { name: 'A' })
    expect((await here.call(get, { key: 'A' })).out).toBe('piped')
  })

  test('any bytes come back as they were', async () => {
    const here = room()
    const bytes = crypto.getRandomValues(new Uint8Array(4096))
    here.played.files = { bin: bytes }
    await here.call(set, { name: 'BIN', 'from-file': 'bin' })
    expect((await here.call(get, { key: 'BIN' })).bytes).toEqual(bytes)
  })

  test('an empty value needs to be meant', async () => {
    const here = room()
    here.played.files = { '-': utf8('\n') }
    expect(await here.fails(set, { name: 'A', value: value('') })).toEqual({
      kind: 'usage',
      message: 'value cannot be empty',
    })
    await here.call(set, { name: 'A', value: value(''), 'allow-empty': true })
    expect((await here.call(set, { name: 'B', stdin: true })).note).toBe("Secret 'B' set successfully (empty)")
    here.played.stdinIsTerminal = false
    expect((await here.fails(set, { name: 'C' })).kind).toBe('usage')
    expect((await here.call(get, { key: 'B' })).bytes).toHaveLength(0)
  })

  test('two sources at once, and --key alone, are usage failures', async () => {
    const here = room()
    const pairs = [
      { name: 'A', value: value('x'), stdin: true },
      { name: 'A', value: value('x'), 'from-env': '.env' },
      { name: 'A', stdin: true, 'from-file': 'f' },
      { name: 'A', value: value('x'), key: 'B' },
    ]
    for (const input of pairs) expect((await here.fails(set, input)).kind).toBe('usage')
  })

  test('--from-env takes one entry, under another name with --key', async () => {
    const here = room()
    here.played.files = { '.env': utf8('A=1\nexport B="two\\nlines"\n') }
    await here.call(set, { name: 'B', 'from-env': '.env' })
    await here.call(set, { name: 'X', 'from-env': '.env', key: 'A' })
    expect((await here.call(get, { key: 'B' })).out).toBe('two\nlines')
    expect((await here.call(get, { key: 'X' })).out).toBe('1')
    expect(await here.fails(set, { name: 'C', 'from-env': '.env' })).toEqual({
      kind: 'not_found',
      message: 'key "C" not found in .env',
    })
    expect((await here.fails(set, { name: 'A', 'from-env': '.env.example' })).kind).toBe('usage')
  })

  test('a bad key is refused before anything is asked', async () => {
    const here = room()
    expect((await here.fails(set, { name: '1A' })).kind).toBe('usage')
    expect(here.played.said).toEqual([])
  })

  test('a TVAULT_ key is stored with a warning', async () => {
    const here = room()
    await put(here, 'TVAULT_X', 'y')
    expect(here.played.said.join()).toContain('TVAULT_X')
  })
})

describe('get', () => {
  test('JSON has key, value and, when asked for, version', async () => {
    const here = room()
    await put(here, 'A', 'one')
    await put(here, 'A', 'two')
    expect((await here.call(get, { key: 'A' })).json).toEqual({ key: 'A', value: 'two' })
    expect((await here.call(get, { key: 'A', version: 1 })).json).toEqual({ key: 'A', value: 'one', version: 1 })
    expect((await here.call(get, { key: 'A', version: 0 })).json).toEqual({ key: 'A', value: 'two' })
    expect((await here.fails(get, { key: 'A', version: 9 })).kind).toBe('not_found')
    expect((await here.fails(get, { key: 'NOPE' })).kind).toBe('not_found')
  })

  test('--from reads a file and no vault', async () => {
    const here = room()
    here.played.files = { '.env': utf8('A=1\n') }
    here.vault.lock()
    const { out, json } = await here.call(get, { key: 'A', from: '.env' })
    expect(out).toBe('1')
    expect(json).toEqual({ key: 'A', value: '1', source: 'file' })
    expect((await here.fails(get, { key: 'A', from: '.env', version: 1 })).kind).toBe('usage')
  })
})

describe('list', () => {
  test('one name per line without a key; an array in JSON, empty too', async () => {
    const here = room()
    expect((await here.call(list)).json).toEqual([])
    await put(here, 'B', '1')
    await put(here, 'A', '22')
    here.vault.lock()
    const { out, json } = await here.call(list)
    expect(out).toBe('A\nB\n')
    expect(json).toEqual(['A', 'B'])
    expect((await here.call(list, { prefix: 'B' })).json).toEqual(['B'])
    expect((await here.call(list, { long: true })).out).toMatch(
      /^KEY {2}VERSION {2}AGE {2}SIZE\nA {4}v1 {7}now {2}2 B\n/,
    )
  })

  test('an unknown project is not found', async () => {
    const here = room()
    here.played.project = 'nope'
    expect((await here.fails(list)).kind).toBe('not_found')
  })
})

describe('delete', () => {
  test('asks, then deletes all the keys', async () => {
    const here = room()
    for (const name of ['A', 'B', 'C']) await put(here, name, '1')
    here.played.answers = [true]
    expect((await here.call(remove, { keys: ['A', 'B', 'A'] })).out).toBe(
      "✓ Secret 'A' deleted\n✓ Secret 'B' deleted\n",
    )
    expect(here.played.said).toEqual(["Delete 2 secrets (A, B) of project 'default'?"])
    expect((await here.call(list)).json).toEqual(['C'])
  })

  test('no is cancelled, and a missing key is said before the question', async () => {
    const here = room()
    await put(here, 'A', '1')
    expect((await here.fails(remove, { keys: ['A'] })).kind).toBe('cancelled')
    expect((await here.fails(remove, { keys: ['A', 'NOPE'] })).kind).toBe('not_found')
    expect(here.played.said).toEqual([])
    expect((await here.call(list)).json).toEqual(['A'])
  })

  test('-y asks nothing', async () => {
    const here = room()
    await put(here, 'A', '1')
    const { json } = await here.call(remove, { keys: ['A'], yes: true })
    expect(json).toEqual({ project: 'default', deleted: ['A'], changed: true })
    expect(here.played.said).toEqual([])
  })
})

describe('generate', () => {
  test.each([
    ['alphanumeric', 32, /^[A-Za-z0-9]{32}$/],
    ['hex', 32, /^[0-9a-f]{32}$/],
    ['base64', 32, /^[\w-]{32}$/],
    ['ascii', 32, /^[!-~]{32}$/],
    ['uuid', 36, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/],
    ['symbols', 32, /^[\w%+,./:=@-]{32}$/],
    ['words', 6, /^[a-z]{5}(-[a-z]{5}){5}$/],
  ] as const)('W57: %s', async (charset, length, shape) => {
    const here = room()
    const { out, note, json } = await here.call(generate, { key: 'A', charset })
    expect(out).toBe('')
    expect(note).toBe(`Generated and stored secret "A" (${length} ${charset})`)
    expect(json).toEqual({ charset, key: 'A', length, stored: true, project: 'default', version: 1 })
    expect((await here.call(get, { key: 'A' })).out).toMatch(shape)
  })

  test('W57: an existing key is a conflict and keeps its value, unless forced', async () => {
    const here = room()
    await put(here, 'A', 'mine')
    expect((await here.fails(generate, { key: 'A' })).kind).toBe('conflict')
    expect((await here.call(get, { key: 'A' })).out).toBe('mine')
    expect((await here.call(generate, { key: 'A', force: true })).json).toMatchObject({ version: 2 })
    expect((await here.call(get, { key: 'A', version: 1 })).out).toBe('mine')
    expect((await here.fails(generate, { key: 'B', charset: 'uuid', length: 10 })).kind).toBe('usage')
    expect((await here.fails(generate, { key: 'B', charset: 'symbols', length: 3 })).kind).toBe('usage')
  })
})

describe('history and rollback', () => {
  test('a rollback is a new version', async () => {
    const here = room()
    await put(here, 'TOKEN', 'one')
    await put(here, 'TOKEN', 'three')
    const { note, json } = await here.call(rollback, { key: 'TOKEN', to: 1 })
    expect(note).toBe('TOKEN: rolled back to v1 (new version v3)')
    expect(json).toMatchObject({ key: 'TOKEN', new_version: 3, project: 'default', rolled_back_from: 1 })
    expect((await here.call(get, { key: 'TOKEN' })).out).toBe('one')
    expect((await here.fails(rollback, { key: 'TOKEN', to: 9 })).kind).toBe('not_found')
    here.vault.lock()
    const shown = await here.call(history, { key: 'TOKEN' })
    expect(shown.note).toStartWith('Version history for "TOKEN" (project "default")')
    const lines = shown.out.trimEnd().split('\n')
    expect(lines.map((line) => line.slice(0, 2))).toEqual(['VE', 'v1', 'v2', 'v3'])
    expect(lines[3]).toMatch(/ UTC {2}3 B {3}\(current\)$|UTC.*\(current\)$/)
    expect(shown.json).toMatchObject({
      key: 'TOKEN',
      project: 'default',
      versions: [{ version: 1 }, { version: 2 }, { version: 3, size: 3 }],
    })
    expect((await here.fails(history, { key: 'NOPE' })).kind).toBe('not_found')
  })
})

describe('search', () => {
  test('the names of the peer, and no silent cut', async () => {
    const here = room()
    for (const name of ['DB_URL', 'DB_USER', 'API']) await put(here, name, '1')
    here.vault.lock()
    const { out, json, note } = await here.call(search, { 'name-like': 'db_*', limit: 1 })
    expect(out).toMatch(/^default\/DB_URL\tv1\t\d{4}-\d\d-\d\dT[\d:.]+Z\n$/)
    expect(note).toBe('showing 1 of 2; --limit shows more')
    expect(json).toMatchObject({
      count: 1,
      total: 2,
      query: { Project: '', NameLike: 'db_*', Since: null, Limit: 1, Offset: 0 },
      results: [{ Project: 'default', Key: 'DB_URL', Version: 1 }],
    })
    expect((await here.call(search, { prefix: 'Z' })).out).toBe('(no matches)\n')
    expect((await here.call(search, { 'name-like': 'DB_*' })).note).toBe('')
    here.played.project = 'nope'
    expect((await here.fails(search)).kind).toBe('not_found')
  })
})
