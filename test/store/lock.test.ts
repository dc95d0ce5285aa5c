// Waiting for a lock: one who is stuck is told from many who take turns, also when no turn writes anything.
import { afterAll, expect, test } from 'bun:test'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { utf8 } from '../../src/lib/bytes.ts'
import { flock } from '../../src/lib/native.ts'
import { openLmdb } from '../../src/store/lmdb.ts'
import { WriteLock, holders } from '../../src/store/lock.ts'

const root = mkdtempSync(join(tmpdir(), 'tvault-lock-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** A process that holds the lock on `path` from when it says so until it is told to end. */
async function holder(path: string): Promise<{ pid: number; end: () => Promise<void> }> {
  const child = Bun.spawn(['flock', '-x', path, 'sh', '-c', 'echo held; read line'], { stdin: 'pipe', stdout: 'pipe' })
  await child.stdout.getReader().read()
  return {
    pid: child.pid,
    async end() {
      await child.stdin.end()
      await child.exited
    },
  }
}

test('the kernel tells who holds a lock', async () => {
  const path = join(root, 'file')
  writeFileSync(path, '')
  expect(holders(path)).toBe('')
  const fd = openSync(path, 'r')
  flock(fd, 'exclusive', false)
  expect(holders(path, root)).toBe(String(process.pid))
  closeSync(fd)
  expect(holders(path, join(root, 'nothing'))).toBe('')
})

test('one that holds it for the whole deadline means busy', async () => {
  const directory = join(root, 'stuck')
  mkdirSync(directory)
  const { end } = await holder(directory)
  expect(() => new WriteLock(directory, 150).take()).toThrow('another process is writing')
  await end()
  new WriteLock(directory, 150).take()()
})

test('others that took turns meanwhile do not, although nothing was written', async () => {
  const directory = join(root, 'turns')
  mkdirSync(directory)
  writeFileSync(join(directory, 'vault.db'), '')
  // Holds the directory for three seconds in thirty turns, each by a process of its own, and never leaves a gap:
  // the next one waits already, and a sleeper in the kernel is served before one that polls.
  const turns = Array.from({ length: 30 }, () =>
    Bun.spawn(['flock', '-x', directory, 'sh', '-c', 'sleep 0.1'], { stdout: 'ignore' }),
  )
  while (holders(directory) === '') await Bun.sleep(1)
  const began = performance.now()
  new WriteLock(directory, 1000).take()()
  expect(performance.now() - began).toBeGreaterThan(1000)
  await Promise.all(turns.map(({ exited }) => exited))
}, 20_000)

test('who only reads opens and reads while a long commit goes on; who writes waits', async () => {
  const [path, sign] = [join(root, 'vault.db'), join(root, 'sign')]
  writeFileSync(sign, '')
  const options = { tables: ['a'], lockMilliseconds: 100 }
  const made = await openLmdb(path, { ...options, mode: 'create' })
  made.commit((writer) => writer.put('a', utf8('old'), new Uint8Array(1)))
  await made.close()
  const writer = Bun.spawn([process.execPath, join(import.meta.dir, 'long-writer.ts'), path, sign], { stdout: 'pipe' })
  await writer.stdout.getReader().read()
  // The state before the commit, several times over: opening must not disturb the writer either.
  for (let round = 0; round < 3; round++) {
    const reader = await openLmdb(path, { ...options, mode: 'read' })
    expect([reader.count('a'), reader.get('a', utf8('old'))?.length]).toEqual([1, 1])
    await reader.close()
  }
  expect(openLmdb(path, { ...options, mode: 'write' })).rejects.toMatchObject({ kind: 'busy' })
  rmSync(sign)
  expect(await writer.exited).toBe(0)
  const after = await openLmdb(path, { ...options, mode: 'write' })
  after.commit((again) => again.put('a', utf8('last'), new Uint8Array(1)))
  expect(after.count('a')).toBe(1002)
  await after.close()
})
