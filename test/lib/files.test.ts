// Files that somebody else may have prepared: what is refused, with which words, and that nothing is half written.
import { afterAll, describe, expect, test } from 'bun:test'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  copySafely,
  ensureDirectory,
  isSameFile,
  moveWithoutReplacing,
  readSafely,
  writeAtomically,
} from '../../src/lib/files.ts'
import { failure } from '../failure.ts'

const root = mkdtempSync(join(tmpdir(), 'files-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let next = 0
function fresh(): string {
  const directory = join(root, `${next++}`)
  mkdirSync(directory, { mode: 0o700 })
  return directory
}

function fifo(path: string): string {
  expect(Bun.spawnSync(['mkfifo', path]).exitCode).toBe(0)
  return path
}

const mode = (path: string) => statSync(path).mode & 0o777
const bytes = (text: string) => new TextEncoder().encode(text)

describe('readSafely', () => {
  test('gives the bytes of a regular file up to the limit, and not one more', () => {
    const path = join(fresh(), 'a')
    const content = Uint8Array.from({ length: 256 }, (_, i) => i)
    writeFileSync(path, content)
    expect(readSafely(path, 256)).toEqual(content)
    expect(failure(() => readSafely(path, 255)).message).toContain('exceeds the limit of 255 bytes')
    writeFileSync(path, '')
    expect(readSafely(path, 0)).toEqual(new Uint8Array(0))
  })

  test('refuses what is no regular file, each with its own words, and waits for none', () => {
    const directory = fresh()
    const link = join(directory, 'link')
    writeFileSync(join(directory, 'target'), 'x')
    symlinkSync('target', link)
    expect(failure(() => readSafely(link, 10)).message).toContain('symbolic link')
    expect(failure(() => readSafely(directory, 10)).message).toContain('a directory')
    expect(failure(() => readSafely(fifo(join(directory, 'fifo')), 10)).message).toContain('a FIFO')
    expect(failure(() => readSafely('/dev/zero', 10)).message).toContain('a device')
    expect(failure(() => readSafely(join(directory, 'none'), 10)).message).toContain('does not exist')
    expect(failure(() => readSafely(join(directory, 'target', 'x'), 10)).kind).toBe('failed')
  })

  test('a file that says less than it holds (as in /proc) is no ordinary one', () => {
    expect(failure(() => readSafely('/proc/self/status', 100_000)).message).toContain('no ordinary file')
  })
})

describe('writeAtomically', () => {
  test('a new file is 0600 with the bytes, and nothing else is left in the directory', () => {
    const directory = fresh()
    const path = join(directory, 'out')
    writeAtomically(path, bytes('hello'), { overwrite: false })
    expect(readFileSync(path, 'utf8')).toBe('hello')
    expect(mode(path)).toBe(0o600)
    expect(readdirSync(directory)).toEqual(['out'])
  })

  test('the mode is the one that was asked for, whatever the umask', () => {
    const path = join(fresh(), 'out')
    const before = process.umask(0o277)
    try {
      writeAtomically(path, bytes('x'), { overwrite: false })
    } finally {
      process.umask(before)
    }
    expect(mode(path)).toBe(0o600)
  })

  test('an existing file stays unless it may be replaced; then a loose mode becomes 0600', () => {
    const directory = fresh()
    const path = join(directory, 'out')
    writeFileSync(path, 'old')
    chmodSync(path, 0o644)
    expect(failure(() => writeAtomically(path, bytes('new'), { overwrite: false })).kind).toBe('conflict')
    expect(readFileSync(path, 'utf8')).toBe('old')
    writeAtomically(path, bytes('new'), { overwrite: true })
    expect(readFileSync(path, 'utf8')).toBe('new')
    expect(mode(path)).toBe(0o600)
    expect(readdirSync(directory)).toEqual(['out'])
  })

  test('a second name of the old file keeps the old bytes: it is replaced, not written over', () => {
    const directory = fresh()
    writeFileSync(join(directory, 'a'), 'old')
    linkSync(join(directory, 'a'), join(directory, 'b'))
    writeAtomically(join(directory, 'a'), bytes('new'), { overwrite: true })
    expect(readFileSync(join(directory, 'b'), 'utf8')).toBe('old')
  })

  test('symbolic links, directories and FIFOs as target are refused and stay', () => {
    const directory = fresh()
    writeFileSync(join(directory, 'target'), 'safe')
    symlinkSync('target', join(directory, 'link'))
    symlinkSync('nowhere', join(directory, 'dangling'))
    fifo(join(directory, 'fifo'))
    for (const name of ['link', 'dangling', 'fifo']) {
      for (const overwrite of [true, false]) {
        const { kind } = failure(() => writeAtomically(join(directory, name), bytes('x'), { overwrite }))
        expect(kind).toBe('failed')
      }
    }
    expect(failure(() => writeAtomically(directory, bytes('x'), { overwrite: true })).kind).toBe('failed')
    expect(readFileSync(join(directory, 'target'), 'utf8')).toBe('safe')
    expect(existsSync(join(directory, 'nowhere'))).toBeFalse()
  })

  test('never inside the directory of the vault, also through a link to it', () => {
    const directory = fresh()
    const vault = join(directory, 'vault')
    mkdirSync(join(vault, 'deeper'), { recursive: true })
    symlinkSync('vault', join(directory, 'alias'))
    for (const name of ['vault/x', 'vault/deeper/x', 'alias/x', 'vault/../vault/x']) {
      const { message } = failure(() =>
        writeAtomically(join(directory, '.', name), bytes('x'), { overwrite: true, outside: vault }),
      )
      expect(message).toContain('vault directory')
    }
    const { kind } = failure(() =>
      writeAtomically(join(vault, 'x'), bytes('x'), { overwrite: true, outside: join(directory, 'alias') }),
    )
    expect(kind).toBe('failed')
    writeAtomically(join(directory, 'vaultx'), bytes('x'), { overwrite: true, outside: vault })
    expect(readdirSync(vault)).toEqual(['deeper'])
  })

  test('a missing directory is named and not made', () => {
    const directory = join(fresh(), 'none')
    expect(failure(() => writeAtomically(join(directory, 'x'), bytes('x'), { overwrite: true })).message).toBe(
      `cannot write ${directory}: it does not exist`,
    )
    expect(existsSync(directory)).toBeFalse()
  })
})

test('moveWithoutReplacing leaves both files alone when the name is taken', () => {
  const directory = fresh()
  const [from, to] = [join(directory, 'from'), join(directory, 'to')]
  writeFileSync(from, 'from')
  writeFileSync(to, 'to')
  expect(() => moveWithoutReplacing(from, to)).toThrow('EEXIST')
  expect([readFileSync(from, 'utf8'), readFileSync(to, 'utf8')]).toEqual(['from', 'to'])
  rmSync(to)
  moveWithoutReplacing(from, to)
  expect(readdirSync(directory)).toEqual(['to'])
})

describe('ensureDirectory', () => {
  test('makes it and its parents 0700, whatever the umask', () => {
    const path = join(fresh(), 'a', 'b')
    expect(ensureDirectory(path)).toBeTrue()
    expect([mode(path), mode(join(path, '..'))]).toEqual([0o700, 0o700])
    expect(ensureDirectory(path)).toBeFalse()
  })

  test('tightens an empty one, and refuses an open one that holds other things without touching its mode', () => {
    const empty = fresh()
    chmodSync(empty, 0o755)
    ensureDirectory(empty)
    expect(mode(empty)).toBe(0o700)

    const full = fresh()
    writeFileSync(join(full, 'homework'), '')
    chmodSync(full, 0o755)
    expect(failure(() => ensureDirectory(full)).hint).toContain(`chmod 700 ${full}`)
    expect(mode(full)).toBe(0o755)
  })

  test('refuses a link and a file', () => {
    const directory = fresh()
    symlinkSync(directory, join(directory, 'link'))
    writeFileSync(join(directory, 'file'), '')
    expect(failure(() => ensureDirectory(join(directory, 'link'))).message).toContain('symbolic link')
    expect(failure(() => ensureDirectory(join(directory, 'file'))).message).toContain('not a directory')
  })
})

test('copySafely copies the bytes, returns their SHA-256, refuses links and taken names', () => {
  const directory = fresh()
  const [from, to] = [join(directory, 'from'), join(directory, 'to')]
  writeFileSync(from, bytes('x'.repeat(3_000_000)))
  appendFileSync(from, 'end')
  expect(copySafely(from, to)).toBe(new Bun.CryptoHasher('sha256').update(readFileSync(from)).digest('hex'))
  expect(readFileSync(to).equals(readFileSync(from))).toBeTrue()
  expect(mode(to)).toBe(0o600)
  expect(failure(() => copySafely(from, to)).kind).toBe('failed')
  symlinkSync('from', join(directory, 'link'))
  expect(failure(() => copySafely(join(directory, 'link'), join(directory, 'x'))).message).toContain('symbolic link')
})

test('isSameFile sees through links', () => {
  const directory = fresh()
  const [a, b] = [join(directory, 'a'), join(directory, 'b')]
  writeFileSync(a, '')
  linkSync(a, b)
  expect([isSameFile(a, b), isSameFile(a, join(directory, 'c')), isSameFile(a, directory)]).toEqual([
    true,
    false,
    false,
  ])
})
