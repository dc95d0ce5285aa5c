// Clean and smudge on a real repository: what is stored again byte for byte, and what must be sealed anew.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { rmSync } from 'node:fs'
import type { Identity } from '../../src/crypto/recipient.ts'
import { openWithIdentity, sealToRecipients, stanzaCount } from '../../src/formats/sealed.ts'
import { Filters } from '../../src/git/filter.ts'
import { Objects } from '../../src/git/objects.ts'
import { Repository } from '../../src/git/repository.ts'
import { sealBlob } from '../../src/git/seal.ts'
import { text, utf8 } from '../../src/lib/bytes.ts'
import { Failure } from '../../src/lib/errors.ts'
import { Secret } from '../../src/lib/secret.ts'
import { Scratch, identities } from './scratch.ts'

const [alice, bob, carol] = identities(3) as [Identity, Identity, Identity]
const to = (...people: Identity[]) => people.map(({ recipient }) => recipient)
const TEXT = 'A=1\n'
const foreign = (...people: Identity[]) => sealToRecipients(Secret.fromText(TEXT), to(...people))

let scratch: Scratch
beforeEach(() => {
  scratch = new Scratch()
  scratch.recipients(alice, bob)
})
afterEach(() => scratch.remove())

async function clean(
  path: string | undefined,
  content: string | Uint8Array,
  ...people: Identity[]
): Promise<Uint8Array> {
  const filters = new Filters(scratch.around(...people))
  const secret = new Secret(typeof content === 'string' ? utf8(content) : content.slice())
  try {
    return await filters.clean(path === undefined ? undefined : utf8(path), secret)
  } finally {
    await filters.close()
  }
}

/** Stages `blob` at .env and commits it together with the list. */
function commit(blob: Uint8Array): void {
  scratch.stage('.env', blob)
  scratch.git('add', '.tvault-recipients')
  scratch.git('commit', '--quiet', '-m', 'x')
}

describe('clean', () => {
  test('never lets plaintext through', async () => {
    for (const content of ['A=1\n', 'tvault-encrypted\x02junk', 'tvault-encrypted\x01', '\0']) {
      const blob = await clean('.env', content, alice)
      expect(text(openWithIdentity(blob, [bob]).reveal())).toBe(content)
    }
    rmSync(scratch.path('.tvault-recipients'))
    await expect(clean('.env', TEXT, alice)).rejects.toBeInstanceOf(Failure)
    scratch.write('.tvault-recipients', '# nobody\n')
    await expect(clean('.env', TEXT, alice)).rejects.toThrow('nobody to seal to')
    scratch.write('.tvault-recipients', 'tvault1bad\n')
    await expect(clean('.env', TEXT, alice)).rejects.toThrow('line 1')
  })

  test('sealed input stays as it is, also for others and of version 1', async () => {
    const version1 = utf8(`tvault-encrypted\x01\0\0\0${'s'.repeat(16)}${'n'.repeat(12)}${'t'.repeat(16)}`)
    for (const blob of [foreign(carol), sealBlob(Secret.fromText('x'), to(alice)), version1])
      expect(await clean('.env', blob)).toEqual(blob)
  })

  test('an empty file stays empty, without any recipient', async () => {
    rmSync(scratch.path('.tvault-recipients'))
    expect(await clean('.env', '', alice)).toHaveLength(0)
  })

  test('the same content gives the staged blob again, other content another', async () => {
    const blob = sealBlob(Secret.fromText(TEXT), to(alice, bob))
    scratch.stage('.env', blob)
    expect(await clean('.env', TEXT, bob)).toEqual(blob)
    expect(await clean('.env', TEXT, carol, alice)).toEqual(blob)
    expect(await clean('other', TEXT, bob)).not.toEqual(blob)
    expect(await clean(undefined, TEXT, bob)).not.toEqual(blob)
    expect(await clean('.env', 'A=2\n', bob)).not.toEqual(blob)
    expect(await clean('.env', TEXT, carol)).not.toEqual(blob)
  })

  test('an edit that was taken back gives the committed blob again', async () => {
    const blob = sealBlob(Secret.fromText(TEXT), to(alice, bob))
    commit(blob)
    scratch.stage('.env', sealBlob(Secret.fromText('A=2\n'), to(alice, bob)))
    expect(await clean('.env', TEXT, alice)).toEqual(blob)
  })

  test.each([
    ['added', () => scratch.recipients(alice, bob, carol), 3],
    ['removed', () => scratch.recipients(alice), 1],
    ['exchanged', () => scratch.recipients(alice, carol), 2],
  ])('a recipient was %s: sealed anew, whoever made the blob', async (_, change, count) => {
    for (const blob of [sealBlob(Secret.fromText(TEXT), to(alice, bob)), foreign(alice, bob)]) {
      scratch.recipients(alice, bob)
      commit(blob)
      expect(await clean('.env', TEXT, alice)).toEqual(blob)
      change()
      const fresh = await clean('.env', TEXT, alice)
      expect(fresh).not.toEqual(blob)
      expect(stanzaCount(fresh)).toBe(count)
      // And the new one is known again.
      scratch.stage('.env', fresh)
      expect(await clean('.env', TEXT, alice)).toEqual(fresh)
    }
  })

  test('a blob of the peer that is older than the last change of the list is sealed anew', async () => {
    const [old, young] = [foreign(alice, bob), foreign(alice, carol)]
    commit(old)
    scratch.recipients(alice, carol)
    scratch.git('commit', '--quiet', '-am', 'exchange')
    expect(await clean('.env', TEXT, alice)).not.toEqual(old)
    commit(young)
    expect(await clean('.env', TEXT, alice)).toEqual(young)
  })

  test('a blob of the peer that no commit has is sealed anew', async () => {
    commit(sealBlob(Secret.fromText('A=0\n'), to(alice, bob)))
    const blob = foreign(alice, bob)
    scratch.stage('.env', blob)
    expect(await clean('.env', TEXT, alice)).not.toEqual(blob)
  })

  test('names with everything in them find their own blob', async () => {
    const names = ['a b', '-x', '1:x', ':0:y', 'line\nend', '"q"', 'ü', 'missing', "it's $(x)"]
    const blobs = names.map((name) => sealBlob(Secret.fromText(name), to(alice, bob)))
    for (const [at, name] of names.entries()) scratch.stage(name, blobs[at]!)
    for (const [at, name] of names.entries()) expect(await clean(name, name, alice)).toEqual(blobs[at]!)
  })
})

describe('smudge', () => {
  const smudge = async (blob: Uint8Array, ...people: Identity[]) => {
    const filters = new Filters(scratch.around(...people))
    const plaintext = await filters.smudge(blob, utf8('.env'))
    await filters.close()
    return plaintext && text(plaintext.reveal())
  }

  test('opens what is sealed to an identity at hand, and leaves the rest', async () => {
    const blob = sealBlob(Secret.fromText(TEXT), to(alice))
    const damaged = blob.with(blob.length - 1, blob.at(-1)! ^ 1)
    expect(await smudge(blob, carol, alice)).toBe(TEXT)
    expect(scratch.notes).toEqual([])
    expect(await smudge(utf8('plain'), alice)).toBeUndefined()
    expect(await smudge(blob.subarray(0, 40), alice)).toBeUndefined()
    expect(scratch.notes).toEqual([])
    expect(await smudge(blob, carol)).toBeUndefined()
    expect(await smudge(blob)).toBeUndefined()
    expect(await smudge(damaged, alice)).toBeUndefined()
    expect(scratch.notes.map((note) => note.replace(/;.*/, ''))).toEqual([
      'tvault: .env: cannot decrypt (this identity is not a recipient)',
      'tvault: .env: no identity available',
      'tvault: .env: cannot decrypt, the file is damaged or was changed',
    ])
  })

  test('a thousand closed files are told in a few lines', async () => {
    const filters = new Filters(scratch.around())
    const blob = sealBlob(Secret.fromText(TEXT), to(alice))
    for (let count = 0; count < 1000; count++) await filters.smudge(blob, utf8(`f${count}`))
    await filters.close()
    expect(scratch.notes).toHaveLength(4)
    expect(scratch.notes.at(-1)).toStartWith('tvault: 1000 files: no identity available')
  })

  test('an identity that cannot be read is a note, and the file stays sealed', async () => {
    const around = {
      ...scratch.around(),
      identities: async (): Promise<Identity[]> => {
        throw new Failure('failed', 'identities/default.key: bad identity encoding')
      },
    }
    const filters = new Filters(around)
    expect(await filters.smudge(sealBlob(Secret.fromText(TEXT), to(alice)))).toBeUndefined()
    expect(scratch.notes[0]).toContain('bad identity encoding')
  })
})

describe('one process', () => {
  test('a file that it has just written is stored as it came, whatever the index on the disk says', async () => {
    // A rebase checks out one commit after the other; the index of the disk lags behind.
    const [older, newer] = [1, 2].map(() => sealBlob(Secret.fromText(TEXT), to(alice)))
    scratch.stage('.env', older!)
    const oid = scratch.tryGit(['hash-object', '-w', '--stdin'], newer).out.trim()
    const filters = new Filters(scratch.around(alice))
    await filters.smudge(newer!, utf8('.env'), oid)
    expect(await filters.clean(utf8('.env'), Secret.fromText(TEXT))).toEqual(newer!)
    const edited = await filters.clean(utf8('.env'), Secret.fromText('A=2\n'))
    expect(stanzaCount(edited)).toBe(2)
    await filters.close()
  })

  test('identities are looked for once, however many files there are', async () => {
    let asked = 0
    const identities = async (): Promise<Identity[]> => {
      asked += 1
      return [alice]
    }
    const filters = new Filters({ ...scratch.around(), identities })
    const blob = sealBlob(Secret.fromText(TEXT), to(alice))
    for (let count = 0; count < 5; count++) {
      await filters.smudge(blob, utf8(`${count}`))
      await filters.clean(utf8(`${count}`), Secret.fromText(TEXT))
    }
    await filters.close()
    expect(asked).toBe(1)
  })

  test('git is started once for many files, and again when the index was written', async () => {
    for (let count = 0; count < 8; count++) scratch.stage(`f${count}`, utf8(`${count}`))
    const objects = new Objects(Repository.at(scratch.top, scratch.environment))
    for (let count = 0; count < 8; count++)
      expect(text((await objects.staged(utf8(`f${count}`)))!.bytes)).toBe(`${count}`)
    expect(await objects.staged(utf8('missing'))).toBeUndefined()
    expect(objects.starts).toBe(1)
    scratch.stage('f1', utf8('changed'))
    expect(text((await objects.staged(utf8('f1')))!.bytes)).toBe('changed')
    expect(objects.starts).toBe(2)
    await objects.close()
  })

  test('big and binary blobs come whole', async () => {
    const big = crypto.getRandomValues(new Uint8Array(65_536))
    const whole = new Uint8Array(3_000_001).map((_, at) => big[at % 65_536]!)
    scratch.stage('big', whole)
    const objects = new Objects(Repository.at(scratch.top, scratch.environment))
    expect((await objects.staged(utf8('big')))!.bytes).toEqual(whole)
    expect((await objects.staged(utf8('big')))!.bytes).toHaveLength(3_000_001)
    await objects.close()
  })
})
