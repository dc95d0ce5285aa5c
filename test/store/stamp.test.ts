// Stamps: whoever opens a vault in a state that was walked reads a handful of pages, and nothing else than that very
// state passes for it. A stamp that is false, foreign or no file costs a walk and nothing else.
import { afterAll, describe, expect, test } from 'bun:test'
import {
  closeSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { utf8 } from '../../src/lib/bytes.ts'
import { openLmdb } from '../../src/store/lmdb.ts'
import { isStamped, stampPath } from '../../src/store/stamp.ts'
import type { OpenMode } from '../../src/store/lmdb.ts'

const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tvault-stamp-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const tables = ['a', 'b']
const open = (path: string, mode: OpenMode) => openLmdb(path, { tables, mode })

let places = 0

/** A file with `rows` rows of 100 bytes, opened once after it was made. */
async function vault(rows = 10): Promise<string> {
  const folder = join(root, `${places++}`)
  mkdirSync(folder)
  const path = join(folder, 'vault.db')
  const store = await open(path, 'create')
  store.commit((writer) => {
    for (let at = 0; at < rows; at++) writer.put('a', utf8(`key ${at}`), new Uint8Array(100).fill(at))
  })
  await store.close()
  await use(path)
  return path
}

async function use(path: string, mode: OpenMode = 'read'): Promise<void> {
  const store = await open(path, mode)
  if (mode === 'write') store.commit((writer) => writer.put('b', utf8('row'), new Uint8Array(8)))
  await store.close()
}

function stamped(path: string): boolean {
  const fd = openSync(path, 'r')
  try {
    return isStamped(path, fd)
  } finally {
    closeSync(fd)
  }
}

/** Changes the kind of every page in the place where it is, and gives the file its times back. */
function spoil(path: string): void {
  const { atime, mtime, size } = statSync(path)
  const fd = openSync(path, 'r+')
  for (let page = 2 * 4096; page < size; page += 4096) writeSync(fd, Uint8Array.of(0x7f), 0, 1, page + 18)
  closeSync(fd)
  utimesSync(path, atime, mtime)
}

const bytesRead = (): number => Number(/^rchar: (\d+)/m.exec(readFileSync('/proc/self/io', 'latin1'))?.[1])

test('the second open reads a few pages of a large file, also after a commit', async () => {
  const path = await vault(50_000)
  expect(statSync(path).size).toBeGreaterThan(5_000_000)
  for (const mode of ['read', 'write', 'write', 'read'] as const) {
    const before = bytesRead()
    await use(path, mode)
    expect(bytesRead() - before).toBeLessThan(200_000)
    expect(stamped(path)).toBe(true)
  }
})

describe('no longer believed', () => {
  test('when bytes were changed, whatever the times of the file say', async () => {
    const path = await vault()
    spoil(path)
    expect(stamped(path)).toBe(false)
    expect(open(path, 'read')).rejects.toMatchObject({ kind: 'corrupt' })
    expect(stamped(path)).toBe(false)
  })

  test('when the file was cut', async () => {
    const path = await vault(1000)
    truncateSync(path, 8192 + 4096)
    expect(stamped(path)).toBe(false)
    expect(open(path, 'write')).rejects.toMatchObject({ kind: 'corrupt' })
  })

  test('beside a copy, and beside another file under the same name', async () => {
    const [path, other] = [await vault(), await vault(20)]
    const copy = join(root, `${places++}.db`)
    copyFileSync(path, copy)
    copyFileSync(stampPath(path), stampPath(copy))
    expect(stamped(copy)).toBe(false)
    copyFileSync(stampPath(path), stampPath(other))
    expect(stamped(other)).toBe(false)
    rmSync(path)
    copyFileSync(copy, path)
    expect(stamped(path)).toBe(false)
  })

  test('in another run of the machine', async () => {
    const path = await vault()
    const line = readFileSync(stampPath(path), 'latin1')
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
    writeFileSync(
      stampPath(path),
      line.replace(
        boot,
        boot.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
      ),
    )
    expect(stamped(path)).toBe(false)
    await use(path)
    expect(stamped(path)).toBe(true)
  })

  test('and a commit on a file that is not stamped does not stamp it', async () => {
    const path = await vault()
    const store = await open(path, 'write')
    rmSync(stampPath(path))
    store.commit((writer) => writer.put('b', utf8('row'), new Uint8Array(8)))
    expect(stamped(path)).toBe(false)
    await store.close()
  })
})

test('what stands in the place of a stamp and is none is passed by', async () => {
  for (const put of [
    (at: string) => mkdirSync(at),
    (at: string) => symlinkSync('/dev/zero', at),
    (at: string) => void Bun.spawnSync(['mkfifo', at]),
    (at: string) => writeFileSync(at, 'x'.repeat(100_000)),
  ]) {
    const path = await vault()
    rmSync(stampPath(path))
    put(stampPath(path))
    expect(stamped(path)).toBe(false)
    await use(path, 'write')
    await use(path, 'read')
  }
})

test('another file is not written through a second name', async () => {
  const path = await vault()
  const letter = join(root, 'letter')
  writeFileSync(letter, 'a letter to somebody')
  rmSync(stampPath(path))
  linkSync(letter, stampPath(path))
  await use(path, 'write')
  expect(readFileSync(letter, 'utf8')).toBe('a letter to somebody')
})
