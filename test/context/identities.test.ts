// The key files beside the vault: how they are made, and which of them a command tries first (W35).
import { describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { IdentityWish } from '../../src/commands/context.ts'
import { createIdentity, findIdentities, listIdentities, loadIdentity } from '../../src/context/identities.ts'
import { Taken } from '../../src/context/passphrase.ts'
import { Identity } from '../../src/crypto/recipient.ts'
import { Failure } from '../../src/lib/errors.ts'
import { failureOf } from '../failure.ts'
import { makeRoot, withContext } from './fixture.ts'

const root = makeRoot('identities')
let next = 0
const fresh = (): string => join(root, `vault-${next++}`)
const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8)
const keyOf = (identity: Identity): string => new TextDecoder().decode(identity.export().reveal())

/** A folder with these identities, and their recipients by name. */
async function filled(...names: string[]): Promise<{ directory: string; texts: Record<string, string> }> {
  const directory = fresh()
  const texts: Record<string, string> = {}
  for (const name of names) texts[name] = (await createIdentity(directory, name)).identity.recipient.text
  return { directory, texts }
}

/** Names of what is tried, in order (`exported` for the variable), and what was noted. */
async function tried(
  { directory, texts }: { directory: string; texts: Record<string, string> },
  wish: Partial<IdentityWish> = {},
  environment: Record<string, string> = {},
): Promise<{ order: string[]; notes: string[] }> {
  const notes: string[] = []
  const taken = await Taken.fromEnvironment(environment)
  const around = { environment, taken, directory: () => directory, note: (text: string) => void notes.push(text) }
  const found = await findIdentities(around, { command: 'open', ...wish })
  const order = found.map(
    ({ recipient }) => Object.keys(texts).find((name) => texts[name] === recipient.text) ?? 'exported',
  )
  return { order, notes }
}

describe('making', () => {
  test('needs no vault; folder 0700, file 0600, three lines', async () => {
    const directory = fresh()
    const { path, identity } = await createIdentity(directory, 'ci')
    expect([mode(directory), mode(join(directory, 'identities')), mode(path)]).toEqual(['700', '700', '600'])
    expect(readFileSync(path, 'utf8').split('\n')).toEqual([
      '# tvault identity "ci" — KEEP SECRET, never commit or share this file',
      `# recipient: ${identity.recipient.text}`,
      keyOf(identity),
      '',
    ])
    const again = await loadIdentity(directory, 'ci', () => undefined)
    expect(again.identity.recipient).toEqual(identity.recipient)
  })

  test('never replaces one, also when two are made at once', async () => {
    const directory = fresh()
    const made = await Promise.allSettled([1, 2, 3, 4].map(() => createIdentity(directory, 'one')))
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const before = readFileSync(join(directory, 'identities', 'one.key'))
    expect((await failureOf(() => createIdentity(directory, 'one'))).kind).toBe('conflict')
    expect(readFileSync(join(directory, 'identities', 'one.key'))).toEqual(before)
  })

  test.each(['', '..', '../x', 'a/b', 'a b', 'ä', '.hidden', 'x'.repeat(65), 'a\n'])(
    'the name %j is refused',
    async (name) => {
      const directory = fresh()
      expect((await failureOf(() => createIdentity(directory, name))).kind).toBe('usage')
      expect(existsSync(directory)).toBeFalse()
      expect((await failureOf(() => loadIdentity(directory, name, () => undefined))).kind).toBe('usage')
    },
  )

  test('a link in place of the folder or of the file is not followed', async () => {
    const directory = fresh()
    mkdirSync(join(root, 'elsewhere'), { mode: 0o700 })
    mkdirSync(directory, { mode: 0o700 })
    symlinkSync(join(root, 'elsewhere'), join(directory, 'identities'))
    expect((await failureOf(() => createIdentity(directory, 'a'))).kind).toBe('failed')
    expect(existsSync(join(root, 'elsewhere', 'a.key'))).toBeFalse()
    const second = await filled('a')
    symlinkSync(join(root, 'nothing'), join(second.directory, 'identities', 'b.key'))
    expect((await failureOf(() => createIdentity(second.directory, 'b'))).kind).toBe('conflict')
    expect(existsSync(join(root, 'nothing'))).toBeFalse()
  })
})

describe('listing', () => {
  test('sorted; damaged ones are told without what is in them; other files do not count', async () => {
    const { directory, texts } = await filled('b', 'a')
    const folder = join(directory, 'identities')
    writeFileSync(join(folder, 'broken.key'), 'tvault-key1secretsecret\n')
    writeFileSync(join(folder, 'notes.txt'), 'x')
    writeFileSync(join(folder, 'bad name.key'), 'x')
    mkdirSync(join(folder, 'folder.key'))
    expect(
      (await listIdentities(directory)).map((one) => [one.name, 'recipient' in one ? one.recipient.text : one.fault]),
    ).toEqual([
      ['a', texts['a']!],
      ['b', texts['b']!],
      ['broken', expect.stringContaining('bad identity encoding')],
      ['folder', expect.stringContaining('directory')],
    ] as [string, string][])
    expect(JSON.stringify(await listIdentities(directory))).not.toContain('secretsecret')
    expect(await listIdentities(fresh())).toEqual([])
  })

  test('a FIFO does not stop it', async () => {
    const { directory } = await filled('a')
    Bun.spawnSync(['mkfifo', join(directory, 'identities', 'p.key')])
    expect((await listIdentities(directory))[1]).toEqual({ name: 'p', fault: expect.stringContaining('FIFO') } as never)
  })
})

describe('W35: which are tried', () => {
  const exported = Identity.generate()
  const TVAULT_IDENTITY_KEY = keyOf(exported)

  test('an exported key comes before a file that lies around, and the file is tried too', async () => {
    const place = await filled('default', 'alice')
    const { order, notes } = await tried(place, {}, { TVAULT_IDENTITY_KEY })
    expect(order).toEqual(['exported', 'default', 'alice'])
    expect(notes).toEqual(['tvault: using TVAULT_IDENTITY_KEY (passphrase-free identity) for open'])
  })

  test('without any wish: default, then the others by name', async () => {
    const place = await filled('zoe', 'default', 'alice')
    expect((await tried(place)).order).toEqual(['default', 'alice', 'zoe'])
    expect((await tried({ directory: fresh(), texts: {} })).order).toEqual([])
  })

  test('--identity means that one and no other', async () => {
    const place = await filled('default', 'alice')
    expect(await tried(place, { name: 'alice' })).toEqual({ order: ['alice'], notes: [] })
    const both = await tried(place, { name: 'alice' }, { TVAULT_IDENTITY_KEY })
    expect(both.order).toEqual(['alice'])
    expect(both.notes[0]).toContain('a local identity file takes precedence for open')
    expect((await tried(place, { name: 'ci' }, { TVAULT_IDENTITY_KEY })).order).toEqual(['exported'])
    expect(await failureOf(() => tried(place, { name: 'ci' }))).toMatchObject({ kind: 'failed' })
    expect(await failureOf(() => tried(place, { name: '../x' }))).toMatchObject({ kind: 'usage' })
  })

  test('TVAULT_IDENTITY, where it counts, and a lesser setting', async () => {
    const place = await filled('default', 'alice', 'bob')
    const variable = { TVAULT_IDENTITY: 'bob' }
    expect((await tried(place, { useEnvironmentName: true }, variable)).order).toEqual(['bob', 'default', 'alice'])
    expect((await tried(place, { useEnvironmentName: true, fallbackName: 'alice' }, variable)).order[0]).toBe('bob')
    expect((await tried(place, { fallbackName: 'alice' }, variable)).order).toEqual(['alice', 'default', 'bob'])
    expect((await tried(place, {}, variable)).order[0]).toBe('default')
    expect((await failureOf(() => tried(place, { fallbackName: 'none' }))).message).toContain('none called none')
    expect((await tried(place, { fallbackName: 'none' }, { TVAULT_IDENTITY_KEY })).order[0]).toBe('exported')
  })

  test('a damaged one that was named is an error, any other is passed over with a note', async () => {
    const place = await filled('default', 'alice')
    writeFileSync(join(place.directory, 'identities', 'alice.key'), 'junk-junk-junk\n')
    const { order, notes } = await tried(place)
    expect(order).toEqual(['default'])
    expect(notes.join()).toContain('identity alice is left out')
    expect((await failureOf(() => tried(place, { name: 'alice' }))).message).toContain('bad identity encoding')
  })

  test('a bad exported key is an error that does not repeat it', async () => {
    const place = await filled('default')
    const bad = `${TVAULT_IDENTITY_KEY.slice(0, -2)}!!`
    const { kind, message, hint } = await failureOf(() => tried(place, {}, { TVAULT_IDENTITY_KEY: bad }))
    expect([kind, message]).toEqual(['failed', expect.stringContaining('TVAULT_IDENTITY_KEY: bad identity')])
    expect(`${message}${hint}`).not.toContain(bad.slice(12, 30))
  })

  test('a file that others can read is used with a warning', async () => {
    const place = await filled('default')
    chmodSync(join(place.directory, 'identities', 'default.key'), 0o644)
    const { order, notes } = await tried(place)
    expect(order).toEqual(['default'])
    expect(notes[0]).toContain('chmod 600')
  })

  test('a key that is mounted as a link is read', async () => {
    const place = await filled('default')
    const file = join(place.directory, 'identities', 'default.key')
    writeFileSync(join(root, 'mounted'), readFileSync(file), { mode: 0o600 })
    symlinkSync(join(root, 'mounted'), join(place.directory, 'identities', 'linked.key'))
    expect((await tried(place)).order).toEqual(['default', 'default'])
  })

  test('without a home directory the exported key still works', async () => {
    const environment = { TVAULT_IDENTITY_KEY }
    const taken = await Taken.fromEnvironment(environment)
    const directory = (): string => {
      throw new Failure('usage', 'there is no home directory')
    }
    for (const wish of [{ command: 'open' }, { command: 'open', name: 'ci' }]) {
      const found = await findIdentities({ environment, taken, directory, note: () => undefined }, wish)
      expect(found.map(({ recipient }) => recipient.text)).toEqual([exported.recipient.text])
    }
    taken.wipe()
    expect(
      (
        await failureOf(() =>
          findIdentities({ environment: {}, taken, directory, note: () => undefined }, { command: 'open' }),
        )
      ).kind,
    ).toBe('usage')
  })
})

test('the context wipes what it handed out', async () => {
  const { directory } = await filled('default')
  const found = await withContext(directory, 'reveal', async (context) => {
    expect(context.identityExported).toBeFalse()
    return [...(await context.identities({ command: 'open' })), (await context.identityFiles.load('default')).identity]
  })
  expect(found).toHaveLength(2)
  for (const identity of found) expect(identity.export().size).toBe('tvault-key1'.length)
})
