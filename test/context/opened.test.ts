// Opening what is there, and the words for everything that is not a vault.
import { describe, expect, test } from 'bun:test'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Opened } from '../../src/context/opened.ts'
import type { Source } from '../../src/context/passphrase.ts'
import { failureOf } from '../failure.ts'
import { PASSPHRASE, makeFilledVault, makeRoot, secret, valueOf, withContext } from './fixture.ts'

const root = makeRoot('opened')
const vault = join(root, 'vault')
await makeFilledVault(vault, { A: 'one' })

/** First bytes of a Go vault: page id, flags, count, overflow, then the magic number of bbolt and its version. */
function bbolt(): Uint8Array {
  const page = Buffer.alloc(4096 * 4)
  for (const at of [0, 4096]) {
    page.writeUInt16LE(4, at + 8)
    page.writeUInt32LE(0xed0cdaed, at + 16)
    page.writeUInt32LE(2, at + 20)
    page.writeUInt32LE(4096, at + 24)
  }
  return page
}

describe('what is no vault', () => {
  async function opening(name: string, make: (path: string) => void): Promise<[kind: string, text: string]> {
    const directory = join(root, name)
    mkdirSync(directory, { mode: 0o700 })
    make(join(directory, 'vault.db'))
    const before = readdirSync(directory)
    const failure = await failureOf(() => withContext(directory, 'reveal', (context) => context.vault()))
    expect(readdirSync(directory)).toEqual(before)
    return [failure.kind, `${failure.message} ${failure.hint}`]
  }

  test.each([
    ['absent', (): void => {}, 'not_initialized', 'tvault init'],
    ['empty', (path: string) => writeFileSync(path, ''), 'corrupt', 'tvault restore'],
    ['text', (path: string) => writeFileSync(path, 'hello '.repeat(2000)), 'corrupt', 'tvault restore'],
    ['go', (path: string) => writeFileSync(path, bbolt()), 'failed', 'tvault migrate'],
    ['a directory', (path: string): void => mkdirSync(path), 'failed', 'not a regular file'],
    ['a link', (path: string) => symlinkSync(join(vault, 'vault.db'), path), 'failed', 'not a regular file'],
    ['a FIFO', (path: string): void => void Bun.spawnSync(['mkfifo', path]), 'failed', 'not a regular file'],
    [
      'cut off',
      (path: string) => {
        copyFileSync(join(vault, 'vault.db'), path)
        truncateSync(path, 12_288)
      },
      'corrupt',
      'tvault restore',
    ],
  ] as const)('%s', async (name, make, kind, words) => {
    const [found, text] = await opening(name, make)
    expect(found).toBe(kind)
    expect(text).toContain(words)
    if (name !== 'absent') expect(text).not.toContain('tvault init')
  })

  test('a link in place of the directory is refused', async () => {
    symlinkSync(vault, join(root, 'alias'))
    const { kind, message } = await failureOf(() =>
      withContext(join(root, 'alias'), 'list', (context) => context.names()),
    )
    expect([kind, message]).toEqual(['failed', expect.stringContaining('symbolic link')])
  })

  test.each(['list', 'reveal'] as const)(
    'a lock file that is none is refused before LMDB dies of it (%s)',
    async (effect) => {
      const directory = join(root, `lock-${effect}`)
      mkdirSync(join(directory, 'vault.db-lock'), { recursive: true, mode: 0o700 })
      copyFileSync(join(vault, 'vault.db'), join(directory, 'vault.db'))
      const { kind, message } = await failureOf(() => withContext(directory, effect, (context) => context.names()))
      expect([kind, message]).toEqual(['failed', 'vault.db-lock is not a regular file'])
    },
  )

  test('a missing directory is not made by looking', async () => {
    const { kind } = await failureOf(() => withContext(join(root, 'none'), 'reveal', (context) => context.vault()))
    expect(kind).toBe('not_initialized')
    expect(readdirSync(root)).not.toContain('none')
  })
})

describe('passphrases', () => {
  async function unlock(tries: readonly string[], source: Source) {
    const opened = new Opened(vault, 'reveal', 1000)
    const left = [...tries]
    const notes: string[] = []
    const next = async () => ({ secret: secret(left.shift() ?? PASSPHRASE), source })
    try {
      return { unlocked: (await opened.unlocked(next, (text) => void notes.push(text))).unlocked, notes, left }
    } finally {
      await opened.close()
    }
  }

  test('from the terminal there are three tries', async () => {
    expect(await unlock(['wrong', 'wrong', PASSPHRASE], 'terminal')).toMatchObject({ unlocked: true, left: [] })
    const { kind } = await failureOf(() => unlock(['wrong', 'wrong', 'wrong'], 'terminal'))
    expect(kind).toBe('wrong_passphrase')
  })

  test('from any other source one', async () => {
    const { kind, message } = await failureOf(() => unlock(['wrong'], 'from TVAULT_PASSPHRASE_FILE'))
    expect([kind, message]).toEqual(['wrong_passphrase', expect.stringContaining('TVAULT_PASSPHRASE_FILE')])
  })

  test('each one that was tried is wiped', async () => {
    const tried = [secret('wrong'), secret(PASSPHRASE)]
    const opened = new Opened(vault, 'reveal', 1000)
    const queue = [...tried]
    await opened.unlocked(
      async () => ({ secret: queue.shift() ?? secret(''), source: 'terminal' }),
      () => {},
    )
    await opened.close()
    expect(tried.map(({ size }) => size)).toEqual([0, 0])
  })
})

test('names need no passphrase, and a reading command leaves the file untouched', async () => {
  const before = readFileSync(join(vault, 'vault.db'))
  const names = await withContext(vault, 'list', async (context) => (await context.names()).list('default'), {})
  expect(names.map(({ key }) => key)).toEqual(['A'])
  expect(readFileSync(join(vault, 'vault.db')).equals(before)).toBeTrue()
})

test('after release the handles are dead, and a second release is harmless', async () => {
  await withContext(vault, 'reveal', async (context) => {
    const view = await context.vault()
    await context.release()
    await context.release()
    expect(() => view.read('default', 'A')).toThrow()
  })
  expect(await valueOf(vault, 'A')).toBe('one')
})
