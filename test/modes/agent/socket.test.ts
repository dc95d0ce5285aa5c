// The place of the agent: one at a time, nothing of anybody else is removed, and what a killed agent left is.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../../../src/lib/errors.ts'
import { MAX_SOCKET_PATH } from '../../../src/lib/unix-socket.ts'
import { bornPrivate, takePlace } from '../../../src/modes/agent/socket.ts'
import type { Place } from '../../../src/modes/agent/socket.ts'

const IS_ROOT = process.geteuid?.() === 0
if (!IS_ROOT) console.log('agent socket: not root; files of another owner were NOT tried')
/** A test that needs to give files away. */
const rootTest = (name: string, body: () => void): void => {
  if (IS_ROOT) test(name, body)
}

let directory = ''
const undo: (() => void)[] = []
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tvault-place-'))
})
afterEach(() => {
  for (const act of undo.splice(0)) act()
  rmSync(directory, { recursive: true, force: true })
})

const inside = (name: string): string => join(directory, name)

/** Leaves a socket that nobody listens at. */
function staleSocket(path: string): void {
  const made = Bun.spawnSync([
    process.execPath,
    '-e',
    `Bun.listen({ unix: ${JSON.stringify(path)}, socket: { data() {} } }); process.kill(process.pid, 'SIGKILL')`,
  ])
  expect(made.signalCode).toBe('SIGKILL')
  expect(lstatSync(path).isSocket()).toBeTrue()
}

function take(): Place {
  const place = takePlace(directory)
  undo.push(place.release)
  return place
}

function refusal(): { kind: string; message: string } {
  try {
    take()
  } catch (error) {
    if (error instanceof Failure) return { kind: error.kind, message: error.message }
    throw error
  }
  throw new Error('the place was taken')
}

describe('the place', () => {
  test('is had by one at a time, and is as if nobody had been there afterwards', () => {
    const place = take()
    expect(readFileSync(inside('agent.pid'), 'utf8')).toBe(String(process.pid))
    for (const name of ['agent.pid', 'agent.lock']) expect(statSync(inside(name)).mode & 0o777).toBe(0o600)
    expect(refusal()).toEqual({ kind: 'conflict', message: 'an agent is running already' })
    place.release()
    undo.length = 0
    expect(readdirSync(directory)).toEqual([])
    take()
  })

  test('is lost when the lock or the socket is not where clients look for it', () => {
    const place = take()
    expect(place.holds()).toBeFalse()
    staleSocket(place.path)
    expect(place.holds()).toBeTrue()
    rmSync(inside('agent.sock'))
    writeFileSync(inside('agent.sock'), '')
    expect(place.holds()).toBeFalse()
    rmSync(inside('agent.sock'))
    staleSocket(place.path)
    rmSync(inside('agent.lock'))
    expect(place.holds()).toBeFalse()
    rmSync(directory, { recursive: true })
    expect(place.holds()).toBeFalse()
  })

  test('stays with its holder when somebody else was refused', () => {
    take()
    refusal()
    expect(readdirSync(directory).sort()).toEqual(['agent.lock', 'agent.pid'])
  })

  test('cleans up after one that was killed', () => {
    staleSocket(inside('agent.sock'))
    staleSocket(inside('agent.new'))
    writeFileSync(inside('agent.pid'), '1', { mode: 0o644 })
    writeFileSync(inside('agent.lock'), '')
    take()
    expect(existsSync(inside('agent.sock'))).toBeFalse()
    expect(existsSync(inside('agent.new'))).toBeFalse()
    expect(readFileSync(inside('agent.pid'), 'utf8')).toBe(String(process.pid))
    expect(statSync(inside('agent.pid')).mode & 0o777).toBe(0o600)
  })

  test('the lock is asked of the file that has the name: one that was removed meanwhile counts for nothing', () => {
    const first = take()
    rmSync(inside('agent.lock'))
    // Somebody removed the lock file of a running agent: the next one cannot know, but its own lock is sound.
    const second = takePlace(directory)
    expect(refusal().kind).toBe('conflict')
    // And the first one, when it ends, leaves the place of the second alone.
    first.release()
    undo.length = 0
    expect(readdirSync(directory).sort()).toEqual(['agent.lock', 'agent.pid'])
    expect(refusal().kind).toBe('conflict')
    second.release()
  })

  test('a path that is too long is told before anything is made', () => {
    const long = inside('d'.repeat(MAX_SOCKET_PATH - directory.length))
    mkdirSync(long, { mode: 0o700 })
    expect(() => takePlace(long)).toThrow(`longer than ${MAX_SOCKET_PATH} bytes`)
    expect(readdirSync(long)).toEqual([])
  })

  test.each([0o750, 0o701, 0o777])('a directory with mode %o is refused', (mode) => {
    chmodSync(directory, mode)
    expect(refusal().message).toContain('can be used by others')
    expect(readdirSync(directory)).toEqual([])
  })

  rootTest('a directory of somebody else is refused', () => {
    chownSync(directory, 12_345, 12_345)
    expect(refusal().message).toContain('not yours')
  })
})

describe('what is not ours stays', () => {
  const kinds: [string, (path: string) => void][] = [
    ['a regular file', (path) => writeFileSync(path, 'mine')],
    ['a directory', (path) => mkdirSync(path)],
    ['a FIFO', (path) => expect(Bun.spawnSync(['mkfifo', path]).exitCode).toBe(0)],
    ['a link to nowhere', (path) => symlinkSync('/nowhere/at/all', path)],
    ['a link to a file', (path) => symlinkSync('/etc/hostname', path)],
  ]
  test.each(kinds)('%s in the place of the socket', (_, make) => {
    make(inside('agent.sock'))
    const before = lstatSync(inside('agent.sock'))
    expect(refusal().message).toContain('agent.sock is not ours')
    expect(lstatSync(inside('agent.sock')).ino).toBe(before.ino)
    // And the lock was given back.
    rmSync(inside('agent.sock'), { recursive: true })
    take()
  })

  test.each(kinds)('%s in the place of the lock', (what, make) => {
    make(inside('agent.lock'))
    const before = lstatSync(inside('agent.lock'))
    // An empty or old regular file of ours is what a killed agent leaves.
    if (what === 'a regular file') take()
    else {
      expect(refusal().kind).toBe('failed')
      expect(lstatSync(inside('agent.lock')).ino).toBe(before.ino)
    }
  })

  test.each(kinds.slice(1))('%s in the place of the pid', (_, make) => {
    make(inside('agent.pid'))
    const before = lstatSync(inside('agent.pid'))
    expect(refusal().kind).toBe('failed')
    expect(lstatSync(inside('agent.pid')).ino).toBe(before.ino)
  })

  rootTest('a socket of another owner', () => {
    staleSocket(inside('agent.sock'))
    lchownSync(inside('agent.sock'), 12_345, 12_345)
    expect(refusal().message).toContain('agent.sock is not ours')
    expect(lstatSync(inside('agent.sock')).uid).toBe(12_345)
  })

  rootTest('a lock of another owner', () => {
    writeFileSync(inside('agent.lock'), '')
    lchownSync(inside('agent.lock'), 12_345, 12_345)
    expect(refusal().message).toContain('agent.lock is not ours')
  })

  test.each(kinds)('%s that took the place of the socket while the agent ran', (_, make) => {
    const place = take()
    make(inside('agent.sock'))
    place.release()
    undo.length = 0
    expect(readdirSync(directory)).toEqual(['agent.sock'])
  })
})

test('what is made by bornPrivate has no bits for others, and the mask is put back', () => {
  const mask = process.umask()
  const path = inside('s')
  const listener = bornPrivate(() => Bun.listen({ unix: path, socket: { data() {} } }))
  undo.push(() => listener.stop(true))
  expect(lstatSync(path).mode & 0o777).toBe(0o600)
  expect(process.umask()).toBe(mask)
  expect(() =>
    bornPrivate(() => {
      throw new Error('no')
    }),
  ).toThrow('no')
  expect(process.umask()).toBe(mask)
})
