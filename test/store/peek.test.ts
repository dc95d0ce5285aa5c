// A peek gives what the store would give, or nothing: never a failure, never a wait, whatever lies at the path.
import { afterAll, expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { utf8 } from '../../src/lib/bytes.ts'
import { openLmdb } from '../../src/store/lmdb.ts'
import { peek } from '../../src/store/peek.ts'
import { draw } from '../contract/draw.ts'

const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tvault-peek-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const path = join(root, 'vault.db')
const key = (at: number): Uint8Array => utf8(`key ${at * 7919}`)
const value = (at: number): Uint8Array => new Uint8Array(40 + (at % 50)).fill(at % 251)
const ROWS = 3000

async function make(file: string, rows: number): Promise<string> {
  const store = await openLmdb(file, { tables: ['few', 'many', 'none'], mode: 'create' })
  store.commit((writer) => {
    writer.put('few', utf8('one'), utf8('value of one'))
    for (let at = 0; at < rows; at++) writer.put('many', key(at), value(at))
    writer.put('many', utf8('large'), new Uint8Array(100_000).fill(7))
  })
  await store.close()
  return file
}

await make(path, ROWS)

test('every row of a small and of a deep table is found', () => {
  expect(peek(path, 'few', utf8('one'))?.toHex()).toBe(utf8('value of one').toHex())
  const wrong = Array.from({ length: ROWS }, (_, at) => at).filter(
    (at) => peek(path, 'many', key(at))?.toHex() !== value(at).toHex(),
  )
  expect(wrong).toEqual([])
})

test('what is not there, or does not lie in its page, is undefined', () => {
  for (const missing of [utf8(''), utf8('a'), utf8('key'), utf8('key 1'), utf8('zzz'), new Uint8Array(600).fill(255)])
    expect(peek(path, 'many', missing)).toBeUndefined()
  expect(peek(path, 'many', utf8('large'))).toBeUndefined()
  expect(peek(path, 'none', utf8('one'))).toBeUndefined()
  expect(peek(path, 'of another', utf8('one'))).toBeUndefined()
})

test('what is no vault file is undefined', () => {
  const at = (name: string): string => join(root, name)
  writeFileSync(at('empty'), '')
  writeFileSync(at('text'), 'x'.repeat(10_000))
  mkdirSync(at('folder'))
  symlinkSync(path, at('link'))
  Bun.spawnSync(['mkfifo', at('fifo')])
  for (const name of ['empty', 'text', 'folder', 'link', 'fifo', 'absent'])
    expect(peek(at(name), 'few', utf8('one'))).toBeUndefined()
})

test('1,000 damaged files give a row or nothing', async () => {
  const rows = 200
  const sound = readFileSync(await make(join(root, 'sound'), rows))
  const damaged = join(root, 'damaged')
  const random = draw(20_261_126)
  const below = (end: number): number => random.number(0, end - 1)
  let found = 0
  for (let round = 0; round < 1000; round++) {
    const bytes = Buffer.from(sound.subarray(0, below(10) === 0 ? below(sound.length) : sound.length))
    for (let faults = 1 + below(6); faults > 0 && bytes.length > 0; faults--) {
      // Most of them where the way leads through.
      const end = below(2) === 0 ? Math.min(bytes.length, 8192) : bytes.length
      bytes[below(end)] = below(256)
    }
    writeFileSync(damaged, bytes)
    if (peek(damaged, 'many', key(below(rows))) !== undefined) found++
  }
  expect(found).toBeGreaterThan(50)
})
