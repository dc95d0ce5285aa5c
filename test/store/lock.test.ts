// Waiting for a lock: one who is stuck is told from many who take turns, also when no turn writes anything.
import { afterAll, expect, test } from 'bun:test'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { utf8 } from '../../src/lib/bytes.ts'
import { flock } from '../../src/lib/native.ts'
import { openLmdb } from '../../src/store/lmdb.ts'
import { WriteLock, holders, lockWithin, turnOf } from '../../src/store/lock.ts'

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

test('one that others overtake waits on, because each turn has another holder, although nothing was written', async () => {
  const path = join(root, 'turns')
  writeFileSync(path, '')
  const seen: string[] = [turnOf(path)]
  for (let turn = 0; turn < 3; turn++) {
    const { pid, end } = await holder(path)
    seen.push(turnOf(path))
    expect(seen.at(-1)).toBe(String(pid))
    expect(turnOf(path)).toBe(seen.at(-1)!)
    await end()
    seen.push(turnOf(path))
  }
  expect(new Set(seen).size).toBe(seen.length)

  const { end } = await holder(path)
  const fd = openSync(path, 'r')
  const waited = (state: () => string): number => {
    const began = performance.now()
    expect(() => lockWithin(fd, 'exclusive', 40, state)).toThrow('another process is writing')
    return performance.now() - began
  }
  let turns = 0
  const stuck = waited(() => turnOf(path))
  expect(waited(() => `${turns++}`)).toBeGreaterThan(12 * 40)
  expect(stuck).toBeGreaterThan(39)
  expect(turns).toBe(13)
  closeSync(fd)
  await end()
})

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
