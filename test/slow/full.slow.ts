// A disk that runs full: a small tmpfs. What does not fit is refused with an error and exit code 1, what was stored
// before stays readable, and the vault works again when there is room.
import { afterAll, expect, test } from 'bun:test'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BINARY, Room } from './room.ts'

const room = new Room()
const disk = join(room.folder, 'disk')
mkdirSync(disk)
const mounted = Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', 'size=3m,mode=700', 'tmpfs', disk]).exitCode === 0
room.vault = join(disk, 'vault')

afterAll(() => {
  if (mounted) Bun.spawnSync(['umount', disk])
  room.remove()
})

test('a full disk', async () => {
  if (!mounted) {
    console.log('\n!!! a tmpfs cannot be mounted here (needs root): a full disk is NOT tested\n')
    return
  }
  await room.init()
  const stored: string[] = []
  let refused: { code: number; err: string; signal: string | undefined } | undefined
  const value = Buffer.alloc(120_000, 'x')
  for (let index = 0; index < 100 && !refused; index++) {
    const done = await room.exec([BINARY, 'set', `BIG_${index}`, '--stdin'], { stdin: value })
    if (done.code === 0) stored.push(`BIG_${index}`)
    else refused = done
  }
  expect(stored.length).toBeGreaterThan(3)
  expect(refused).toBeDefined()
  expect([refused?.code, refused?.signal]).toEqual([1, undefined])
  expect(refused?.err).toMatch(/space|full|disk/i)

  for (const key of stored) expect((await room.must('get', key)).out.equals(value)).toBeTrue()
  expect((await room.must('list')).out.toString().trim().split('\n').toSorted()).toEqual(stored.toSorted())
  await room.must('audit', 'verify')

  // Rotation needs room for a second copy: it fails whole, and the old passphrase still opens everything.
  const rotation = await room.exec([BINARY, 'key', 'rotate'], {
    env: { TVAULT_NEW_PASSPHRASE: 'another passphrase 9182' },
  })
  expect([rotation.code, rotation.signal]).toEqual([1, undefined])
  expect((await room.must('get', stored[0] ?? '')).out.equals(value)).toBeTrue()

  // Filled to the last byte from outside, then freed.
  const filler = join(disk, 'filler')
  for (let size = 1_048_576; size >= 4096; size = Math.floor(size / 2)) {
    try {
      writeFileSync(filler, Buffer.alloc(size), { flag: 'a' })
    } catch {
      // Full for this size: try a smaller one.
    }
  }
  const none = await room.tvault('set', 'SMALL', 'does not fit')
  expect([none.code === 0 || none.code === 1, none.signal]).toEqual([true, undefined])
  expect((await room.must('get', stored[0] ?? '')).out.equals(value)).toBeTrue()
  rmSync(filler)
  Bun.spawnSync(['mount', '-o', 'remount,size=16m', disk])
  await room.must('set', 'AFTER', 'there is room again')
  expect((await room.must('get', 'AFTER')).out.toString()).toBe('there is room again')
})
