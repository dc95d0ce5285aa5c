// The commands around identities and sealed files, on a vault in memory.
import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import decryptEnv from '../../src/commands/decrypt-env.ts'
import encryptEnv from '../../src/commands/encrypt-env.ts'
import identityExport from '../../src/commands/identity/export.ts'
import identityList from '../../src/commands/identity/list.ts'
import identityNew from '../../src/commands/identity/new.ts'
import k8sRender from '../../src/commands/k8s/render.ts'
import openCommand from '../../src/commands/open.ts'
import seal from '../../src/commands/seal.ts'
import { printSections } from '../../src/formats/sections.ts'
import { sealToRecipients, sealedVersion, stanzaCount } from '../../src/formats/sealed.ts'
import { Identity } from '../../src/crypto/recipient.ts'
import { text, utf8 } from '../../src/lib/bytes.ts'
import { Secret } from '../../src/lib/secret.ts'
import { room, type Room } from './room.ts'

const start = process.cwd()
const root = mkdtempSync(join(tmpdir(), 'tvault-sealed-'))
const alice = Identity.generate()
const me = alice.recipient.text
const bob = Identity.generate()
let it: Room

afterAll(() => {
  process.chdir(start)
  rmSync(root, { recursive: true, force: true })
})

beforeEach(async () => {
  it = room()
  // The commands wipe what they are given at their end in the real context; here every room has its own.
  it.played.identities = { default: Identity.parse(alice.export()) }
  const view = it.vault.view({
    principal: { kind: 'owner', interactive: true },
    command: 'set',
    effect: 'write',
    policy: { decide: () => ({ allow: true, rule: 'test' }) },
  })
  view.write('default', 'B', Secret.fromText('x y'))
  view.write('default', 'A', Secret.fromText('1'))
})

function plain(path: string): string | undefined {
  return text(it.played.files[path] ?? new Uint8Array(0))
}

describe('seal and open', () => {
  test('a project to a file and back; the recipients are confirmed with fingerprints (W19)', async () => {
    const { note, json, out } = await it.call(seal, { recipient: [me], out: 'x.sealed' })
    expect(note).toStartWith('Sealed 2 secret(s) to 1 recipient(s) → x.sealed\n')
    expect(note).toMatch(new RegExp(`${me} \\(([0-9a-f]{4}-){3}[0-9a-f]{4}\\)`))
    expect(out).toBe('')
    expect(json).toMatchObject({ project: 'default', keys: ['A', 'B'], file: 'x.sealed', bytes: 50 + 95 + 12 })
    expect(sealedVersion(it.played.files['x.sealed']!)).toBe(2)
    expect((await it.call(openCommand, { file: 'x.sealed' })).out).toBe('A=1\nB="x y"\n')
  })

  test('some keys, to standard output, for two', async () => {
    const { bytes, note } = await it.call(seal, { recipient: [me, bob.recipient.text, me], key: ['A'] })
    expect([sealedVersion(bytes), stanzaCount(bytes)]).toEqual([2, 2])
    expect(note).toStartWith('Sealed 1 secret(s) to 2 recipient(s)\n')
    it.played.files['-'] = bytes
    it.played.stdinIsTerminal = false
    expect((await it.call(openCommand, { out: '.env' })).note).toBe('Opened → .env')
    expect(plain('.env')).toBe('A=1\n')
  })

  test('refused before a value is read', async () => {
    expect((await it.fails(seal, { recipient: ['tvault1abc'] })).message).toContain('bad recipient')
    expect(await it.fails(seal, { recipient: [me], format: 'k8s' })).toMatchObject({
      message: '--name is required for --format k8s',
    })
    it.played.stdoutIsTerminal = true
    expect(await it.fails(seal, { recipient: [me] })).toMatchObject({
      kind: 'usage',
      message: expect.stringContaining('terminal'),
    })
    expect((await it.call(seal, { recipient: [me], force: true })).bytes.length).toBeGreaterThan(100)
    expect(await it.fails(seal, { recipient: [me], out: 'f', key: ['A', 'NOPE'] })).toMatchObject({ kind: 'not_found' })
    expect(it.played.files['f']).toBeUndefined()
    expect(await it.fails(seal, { recipient: [me], out: '' })).toMatchObject({ kind: 'usage' })
  })

  test('an old file is replaced when it is a sealed one, else only with --overwrite', async () => {
    it.played.files['notes.txt'] = utf8('notes')
    expect(await it.fails(seal, { recipient: [me], out: 'notes.txt' })).toMatchObject({ kind: 'conflict' })
    expect(plain('notes.txt')).toBe('notes')
    await it.call(seal, { recipient: [me], out: 'x.sealed' })
    const first = it.played.files['x.sealed']
    await it.call(seal, { recipient: [me], out: 'x.sealed' })
    expect(it.played.files['x.sealed']).not.toEqual(first)
    await it.call(seal, { recipient: [me], out: 'notes.txt', overwrite: true })
    expect(sealedVersion(it.played.files['notes.txt']!)).toBe(2)
  })

  test('whom it is sealed to is in the audit log', async () => {
    await it.call(seal, { recipient: [me], out: 'x.sealed' })
    const [row] = it.vault
      .names({
        principal: { kind: 'owner', interactive: true },
        command: 'audit',
        effect: 'list',
        policy: { decide: () => ({ allow: true, rule: 'test' }) },
      })
      .audit({ limit: 1 })
    expect(row).toMatchObject({
      action: 'secret.seal',
      command: 'seal',
      metadata: { keys: ['A', 'B'], recipients: [me] },
    })
  })

  test('open: nobody, somebody else, not sealed, a passphrase file, a terminal', async () => {
    it.played.files['x'] = sealToRecipients(Secret.fromText('A=1\n'), [bob.recipient])
    expect(await it.fails(openCommand, { file: 'x' })).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('no stanza'),
    })
    it.played.identities = {}
    expect((await it.fails(openCommand, { file: 'x' })).message).toStartWith('no identity available')
    it.played.files['y'] = utf8('A=1\n')
    it.played.identities = { default: Identity.parse(alice.export()) }
    expect((await it.fails(openCommand, { file: 'y' })).message).toBe('not a file that tvault sealed')
    expect((await it.fails(openCommand, {})).message).toContain('standard input is a terminal')
    expect((await it.fails(openCommand, { file: 'x', in: 'y' })).kind).toBe('usage')
    expect((await it.fails(openCommand, { file: 'x', identity: 'nope' })).message).toContain('nope')
  })

  test('binary does not go to a terminal', async () => {
    it.played.files['x'] = sealToRecipients(new Secret(Uint8Array.of(0, 1, 0x1b)), [alice.recipient])
    it.played.stdoutIsTerminal = true
    expect((await it.fails(openCommand, { file: 'x' })).kind).toBe('usage')
    expect((await it.call(openCommand, { file: 'x', force: true })).bytes).toEqual(Uint8Array.of(0, 1, 0x1b))
    expect((await it.call(openCommand, { file: 'x', out: 'y' })).note).toBe('Opened → y')
  })

  test('an existing file is not overwritten with plaintext unless told', async () => {
    it.played.files['x'] = sealToRecipients(Secret.fromText('A=1\n'), [alice.recipient])
    it.played.files['.env'] = utf8('mine')
    expect(await it.fails(openCommand, { file: 'x', out: '.env' })).toMatchObject({ kind: 'conflict' })
    expect(plain('.env')).toBe('mine')
    await it.call(openCommand, { file: 'x', out: '.env', overwrite: true })
    expect(plain('.env')).toBe('A=1\n')
  })
})

describe('.tvault-recipients', () => {
  test('at the top of the work tree, else in the current folder, else an error', async () => {
    const tree = join(root, 'tree')
    mkdirSync(join(tree, 'deep', 'er'), { recursive: true })
    mkdirSync(join(tree, '.git'))
    writeFileSync(join(tree, '.tvault-recipients'), `# us\n${me}\n${bob.recipient.text}\n`)
    writeFileSync(join(tree, 'deep', '.tvault-recipients'), `${bob.recipient.text}\n`)
    process.chdir(join(tree, 'deep'))
    const { note } = await it.call(seal, { out: 'x' })
    expect(note).toContain('to 2 recipient(s)')
    expect(note).toContain(join('tree', '.tvault-recipients'))
    rmSync(join(tree, '.git'), { recursive: true })
    expect((await it.call(seal, { out: 'x' })).note).toContain('to 1 recipient(s)')
    process.chdir(join(tree, 'deep', 'er'))
    expect(await it.fails(seal, { out: 'x' })).toMatchObject({
      kind: 'usage',
      message: expect.stringContaining('no recipient is named, and there is no'),
    })
    writeFileSync('.tvault-recipients', `${me}\nnonsense\n`)
    expect(await it.fails(seal, { out: 'x' })).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('line 2'),
    })
    writeFileSync('.tvault-recipients', '# nobody\n')
    expect((await it.fails(seal, { out: 'x' })).message).toContain('names no recipient')
    if (process.geteuid?.() === 0) {
      // Only root can play this: whoever writes the file decides who can read.
      writeFileSync('.tvault-recipients', `${me}\n`)
      chownSync('.tvault-recipients', 12_345, 12_345)
      expect(await it.fails(seal, { out: 'x' })).toMatchObject({ kind: 'denied' })
    }
    rmSync('.tvault-recipients')
    symlinkSync('elsewhere', '.tvault-recipients')
    expect((await it.fails(seal, { out: 'x' })).kind).toBe('failed')
  })
})

describe('encrypt-env and decrypt-env', () => {
  test('any bytes, for recipients, without the vault', async () => {
    it.played.files['.env'] = Uint8Array.of(0x23, 0xff, 0, 0x0a)
    const { note } = await it.call(encryptEnv, { file: '.env', recipient: [me] })
    expect(note).toStartWith('Wrote 149 bytes to .env.encrypted\nFor 1 recipient(s):\n')
    expect((await it.call(decryptEnv, { in: '.env.encrypted' })).bytes).toEqual(Uint8Array.of(0x23, 0xff, 0, 0x0a))
    expect((await it.call(decryptEnv, { in: '.env.encrypted', identity: 'default', out: 'back' })).note).toBe(
      'Wrote 4 bytes to back',
    )
  })

  test('with the vault: version 1, which takes no identity', async () => {
    it.played.files['.env'] = utf8('# c\nA=1\n')
    expect((await it.call(encryptEnv, { in: '.env', out: 'v1' })).note).toBe('Wrote 72 bytes to v1')
    expect(sealedVersion(it.played.files['v1']!)).toBe(1)
    expect((await it.call(decryptEnv, { file: 'v1' })).out).toBe('# c\nA=1\n')
    expect(await it.fails(decryptEnv, { file: 'v1', identity: 'default' })).toMatchObject({ kind: 'usage' })
    expect((await it.fails(openCommand, { file: 'v1' })).message).toContain('version 1')
    const other = room()
    other.played.files['v1'] = it.played.files['v1']!
    expect(await other.fails(decryptEnv, { file: 'v1' })).toMatchObject({ kind: 'corrupt' })
    const rows = it.vault
      .names({
        principal: { kind: 'owner', interactive: true },
        command: 'audit',
        effect: 'list',
        policy: { decide: () => ({ allow: true, rule: 'test' }) },
      })
      .audit({ limit: 10, action: 'file.key' })
    expect(rows.map(({ command, phase }) => `${command} ${phase}`)).toEqual([
      'decrypt-env intent',
      'encrypt-env intent',
    ])
  })

  test('names of output, double encryption, existing files', async () => {
    it.played.stdinIsTerminal = false
    it.played.files['-'] = utf8('A=1\n')
    expect(await it.fails(encryptEnv, { recipient: [me] })).toMatchObject({
      kind: 'usage',
      message: expect.stringContaining('--out is required'),
    })
    const { bytes } = await it.call(encryptEnv, { recipient: [me], out: '-' })
    it.played.files['-'] = bytes
    expect(await it.fails(encryptEnv, { recipient: [me], out: 'twice' })).toMatchObject({ kind: 'conflict' })
    expect((await it.call(encryptEnv, { recipient: [me], out: 'twice', force: true })).note).toContain('Wrote')
    it.played.files['.env'] = utf8('A=1\n')
    expect(await it.fails(encryptEnv, { file: '.env', out: '.env', recipient: [me] })).toMatchObject({
      kind: 'conflict',
    })
    expect(plain('.env')).toBe('A=1\n')
  })

  test('W5: an unknown section shows nothing but the names', async () => {
    const body = printSections([
      { name: 'production', entries: [{ key: 'A', value: Secret.fromText('live') }] },
      { name: 'preview', entries: [{ key: 'A', value: Secret.fromText('test') }] },
    ])
    it.played.files['g'] = sealToRecipients(body, [alice.recipient])
    expect((await it.call(decryptEnv, { file: 'g', section: 'preview' })).out).toBe('A=test')
    const { kind, message } = await it.fails(decryptEnv, { file: 'g', section: 'nope', out: 'leak' })
    expect([kind, message]).toEqual(['usage', 'no section nope in the file'])
    expect(it.played.files['leak']).toBeUndefined()
    expect((await it.fails(decryptEnv, { file: 'g', section: '' })).kind).toBe('usage')
    it.played.files['p'] = sealToRecipients(Secret.fromText('A=live\n'), [alice.recipient])
    expect((await it.fails(decryptEnv, { file: 'p', section: 'production' })).message).toContain('has no sections')
    expect((await it.call(decryptEnv, { file: 'g' })).out).toContain('A=live')
  })
})

describe('Kubernetes', () => {
  test('sealed, rendered, and the place stays', async () => {
    const { note } = await it.call(seal, {
      recipient: [me],
      format: 'k8s',
      name: 'app',
      namespace: 'prod',
      out: 's.yaml',
    })
    expect(note).toStartWith('Sealed 2 secret(s)')
    expect(plain('s.yaml')).toContain('kind: SealedSecret\nmetadata:\n    name: app\n    namespace: prod\n')
    const { out } = await it.call(k8sRender, { in: 's.yaml' })
    expect(Bun.YAML.parse(out)).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'app', namespace: 'prod' },
      type: 'Opaque',
      stringData: { A: '1', B: 'x y' },
    })
    expect(it.played.said.join('\n')).toContain('WARNING')
    expect((await it.call(k8sRender, { file: 's.yaml', out: 'r.yaml' })).note).toBe(
      'Rendered Secret "app" (2 keys) → r.yaml',
    )
    await it.call(seal, { recipient: [me], format: 'k8s', name: 'app', out: 's.yaml' })
    expect((await it.fails(seal, { recipient: [me], out: 's.yaml' })).kind).toBe('conflict')
  })
})

describe('identities', () => {
  test('new, list, export', async () => {
    const { out, json } = await it.call(identityNew, { name: 'ci' })
    expect(out).toMatch(
      /^✓ Created identity "ci"\nPrivate key: .*ci\.key \(0600 — do not commit\)\nRecipient: tvault1\w{52}\nFingerprint: [0-9a-f-]{19}\n$/,
    )
    expect(Object.keys(json as object)).toEqual(['name', 'path', 'recipient', 'fingerprint', 'changed'])
    const listed = (await it.call(identityList)).out.trim().split('\n')
    expect(listed[0]).toMatch(new RegExp(`^default {10}${me}  [0-9a-f-]{19}$`))
    expect(listed).toHaveLength(2)
    expect((await it.fails(identityNew, { name: 'ci' })).kind).toBe('conflict')
  })

  test('a private key goes to a terminal, or is forced out', async () => {
    expect((await it.fails(identityExport)).kind).toBe('denied')
    const forced = await it.call(identityExport, { force: true })
    expect(forced.out).toMatch(/^tvault-key1[a-z2-7]{52}\n$/)
    expect(forced.json).toEqual({ name: 'default', private: forced.out.trim(), recipient: me })
    expect(it.played.said.join('\n')).toContain('PRIVATE')
    it.played.stdoutIsTerminal = true
    expect((await it.call(identityExport)).out).toBe(forced.out)
  })

  test('none', async () => {
    it.played.identities = {}
    expect((await it.call(identityList)).note).toContain('tvault identity new')
    expect((await it.call(identityList)).json).toEqual([])
  })
})
