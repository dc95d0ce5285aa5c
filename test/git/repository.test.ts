// Work tree, index and checks on real repositories, without any filter of git: what is written, what is left alone.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Identity } from '../../src/crypto/recipient.ts'
import { openWithIdentity, sealToRecipients, stanzaCount } from '../../src/formats/sealed.ts'
import { checkAll, checkStaged } from '../../src/git/check.ts'
import { install, refresh, uninstall } from '../../src/git/install.ts'
import { statusOf } from '../../src/git/status.ts'
import { sealBlob } from '../../src/git/seal.ts'
import { track } from '../../src/git/track.ts'
import { text, utf8 } from '../../src/lib/bytes.ts'
import { Failure } from '../../src/lib/errors.ts'
import { Secret } from '../../src/lib/secret.ts'
import { Scratch, identities } from './scratch.ts'

const [alice, bob, carol] = identities(3) as [Identity, Identity, Identity]
const sealed = (content: string, ...people: Identity[]): Uint8Array =>
  sealBlob(
    Secret.fromText(content),
    people.map(({ recipient }) => recipient),
  )

let scratch: Scratch
beforeEach(() => {
  scratch = new Scratch()
  scratch.recipients(alice, bob)
  scratch.write('.gitattributes', '*.env filter=tvault\n')
  scratch.git('add', '.gitattributes', '.tvault-recipients')
  // git itself must not need a program called tvault here.
  scratch.environment['PATH'] = `${join(scratch.folder, 'bin')}:${scratch.environment['PATH']}`
  scratch.write('../bin/tvault', '#!/bin/sh\nexit 1\n', 0o755)
})
afterEach(() => scratch.remove())

/** Stages `blob` and puts it into the work tree, as a clone without a filter does. */
function cloned(name: string, blob: Uint8Array, mode = 0o644): void {
  scratch.stage(name, blob)
  scratch.write(name, blob, mode)
}
const content = (name: string): string => readFileSync(scratch.path(name), 'utf8')
const mode = (name: string): number => statSync(scratch.path(name)).mode & 0o777

describe('opening the work tree', () => {
  test('what is exactly the blob of the index is opened, mode 0600; everything else is left', async () => {
    cloned('a.env', sealed('A=1\n', alice))
    cloned('run.env', sealed('#!/bin/sh\n', alice), 0o755)
    cloned('empty.env', sealed('', alice))
    cloned('other.env', sealed('O=1\n', carol))
    cloned('edited.env', sealed('E=1\n', alice))
    scratch.write('edited.env', 'E=2\n')
    cloned('swapped.env', sealed('S=1\n', alice))
    scratch.write('swapped.env', sealed('S=2\n', alice))
    cloned('gone.env', sealed('G=1\n', alice))
    rmSync(scratch.path('gone.env'))
    cloned('plain.txt', sealed('P=1\n', alice))
    const { opened } = await refresh(scratch.around(alice))
    expect(opened.done).toEqual(['a.env', 'empty.env', 'run.env'])
    expect(opened.left.map(({ path, reason }) => `${path}: ${reason}`)).toEqual([
      'other.env: it is sealed to others',
      'swapped.env: it is sealed, but not what the index has',
    ])
    expect([content('a.env'), content('empty.env'), content('edited.env')]).toEqual(['A=1\n', '', 'E=2\n'])
    expect([mode('a.env'), mode('run.env')]).toEqual([0o600, 0o700])
    expect(existsSync(scratch.path('gone.env'))).toBeFalse()
    expect(content('plain.txt')).toStartWith('tvault-encrypted')
    expect((await refresh(scratch.around(alice))).opened.done).toEqual([])
  })

  test('nothing is written through a link, in the name or above it', async () => {
    const outside = join(scratch.folder, 'outside')
    mkdirSync(outside)
    const blob = sealed('A=1\n', alice)
    for (const name of ['dir/a.env', 'link.env']) cloned(name, blob)
    rmSync(scratch.path('dir'), { recursive: true })
    rmSync(scratch.path('link.env'))
    scratch.write('../outside/a.env', blob)
    symlinkSync(outside, scratch.path('dir'))
    symlinkSync(join(outside, 'a.env'), scratch.path('link.env'))
    expect((await refresh(scratch.around(alice))).opened).toMatchObject({ done: [], left: [] })
    expect(readFileSync(join(outside, 'a.env'))).toEqual(Buffer.from(blob))
  })

  test('a folder that cannot be written is told, and the rest goes on', async () => {
    if (process.geteuid?.() === 0) return
    for (const name of ['closed/a.env', 'z.env']) cloned(name, sealed('A=1\n', alice))
    chmodSync(scratch.path('closed'), 0o500)
    const { opened } = await refresh(scratch.around(alice))
    chmodSync(scratch.path('closed'), 0o700)
    expect(opened).toMatchObject({ done: ['z.env'], left: [{ path: 'closed/a.env' }] })
  })
})

describe('recipients', () => {
  test('install with a new recipient seals the index anew, and not the work tree', async () => {
    cloned('a.env', sealed('A=1\n', alice, bob))
    cloned('b.env', sealToRecipients(Secret.fromText('B=1\n'), [alice.recipient, bob.recipient]))
    scratch.git('commit', '--quiet', '-m', 'x')
    await refresh(scratch.around(alice))
    scratch.write('a.env', 'A=edited\n')
    const done = await install(scratch.around(alice), [carol.recipient.text, alice.recipient.text])
    expect(done.added).toEqual([carol.recipient.text])
    expect(done.resealed).toEqual(['a.env', 'b.env'])
    expect(content('a.env')).toBe('A=edited\n')
    const blob = new Uint8Array(Bun.spawnSync(['git', 'cat-file', 'blob', ':a.env'], { cwd: scratch.top }).stdout)
    expect(stanzaCount(blob)).toBe(3)
    expect(text(openWithIdentity(blob, [carol]).reveal())).toBe('A=1\n')
    // Nothing is left to be done, and the list in the folder counts from now on.
    expect((await refresh(scratch.around(bob))).resealed).toEqual([])
    expect(content('.tvault-recipients').trimEnd().split('\n').slice(-3)).toEqual(
      [alice, bob, carol].map(({ recipient }) => recipient.text),
    )
  })

  test('a bad recipient changes nothing', async () => {
    const before = content('.tvault-recipients')
    await expect(install(scratch.around(alice), [carol.recipient.text, 'tvault1nope'])).rejects.toBeInstanceOf(Failure)
    expect(content('.tvault-recipients')).toBe(before)
    expect(scratch.tryGit(['config', 'filter.tvault.clean']).code).toBe(1)
  })
})

describe('uninstall', () => {
  test('files that the index has are sealed again, edits stay, and nothing of ours is left', async () => {
    const blobs = ['A=1\n', 'E=1\n'].map((one) => sealed(one, alice, bob))
    cloned('a.env', blobs[0]!)
    cloned('e.env', blobs[1]!)
    const before = content('.git/config')
    await install(scratch.around(alice), [])
    scratch.write('e.env', 'E=2\n')
    const done = await uninstall(scratch.around(bob), { keep: false })
    expect(done.sealed).toMatchObject({ done: ['a.env'], left: [{ path: 'e.env', reason: 'it was changed' }] })
    expect(readFileSync(scratch.path('a.env'))).toEqual(Buffer.from(blobs[0]!))
    expect(content('e.env')).toBe('E=2\n')
    expect(content('.git/config')).toBe(before)
    expect(existsSync(scratch.path('.git/hooks/pre-commit'))).toBeFalse()
    expect(scratch.git('status', '--porcelain', 'a.env')).toBe('A  a.env\n')
    expect((await uninstall(scratch.around(bob), { keep: false })).wasInstalled).toBeFalse()
  })

  test('with keep, and without an identity, no file changes', async () => {
    cloned('a.env', sealed('A=1\n', alice, bob))
    await install(scratch.around(alice), [])
    expect((await uninstall(scratch.around(), { keep: false })).sealed.done).toEqual([])
    await install(scratch.around(alice), [])
    expect((await uninstall(scratch.around(alice), { keep: true })).sealed.done).toEqual([])
    expect(content('a.env')).toBe('A=1\n')
  })
})

describe('W17: plaintext of tracked paths', () => {
  const plain = async (): Promise<string[]> =>
    (await checkAll(scratch.around(), { history: false })).plaintext.map(({ path, where }) => `${path} ${where}`)

  test('is found in the index, in HEAD and in history, and nowhere else', async () => {
    scratch.stage('old.env', utf8('OLD=1\n'))
    scratch.stage('plain.txt', utf8('not tracked'))
    scratch.stage('good.env', sealed('A=1\n', alice, bob))
    scratch.stage('empty.env', new Uint8Array(0))
    scratch.stage('junk.env', utf8('tvault-encrypted\x02 and then plaintext'))
    expect(await plain()).toEqual(['junk.env index', 'old.env index'])
    scratch.git('commit', '--quiet', '-m', 'one')
    scratch.stage('old.env', sealed('OLD=1\n', alice, bob))
    scratch.stage('junk.env', sealed('J=1\n', alice, bob))
    expect(await plain()).toEqual(['junk.env HEAD', 'old.env HEAD'])
    scratch.git('commit', '--quiet', '-m', 'two')
    expect(await plain()).toEqual([])
    const past = await checkAll(scratch.around(), { history: true })
    const first = scratch.git('rev-parse', 'HEAD~1').trim()
    expect(past.plaintext.map(({ path, where, commit }) => `${path} ${where} ${commit}`).sort()).toEqual([
      `junk.env history ${first}`,
      `old.env history ${first}`,
    ])
  })

  test('history is every branch, also what only a merge brought', async () => {
    scratch.git('commit', '--quiet', '-m', 'base')
    scratch.git('checkout', '--quiet', '-b', 'side')
    scratch.git('commit', '--quiet', '--allow-empty', '-m', 'side')
    scratch.git('checkout', '--quiet', 'main')
    scratch.git('commit', '--quiet', '--allow-empty', '-m', 'main')
    scratch.git('merge', '--quiet', '--no-commit', '--no-ff', 'side')
    scratch.stage('evil.env', utf8('E=1\n'))
    scratch.git('commit', '--quiet', '-m', 'merge')
    scratch.git('rm', '--quiet', '--cached', 'evil.env')
    scratch.git('commit', '--quiet', '-m', 'gone')
    const { plaintext } = await checkAll(scratch.around(), { history: true })
    expect(plaintext.map(({ path }) => path)).toEqual(['evil.env'])
  })

  test('track tells what is there already, now and in history', async () => {
    scratch.stage('a.secret', utf8('S=1\n'))
    scratch.git('commit', '--quiet', '-m', 'one')
    scratch.stage('a.secret', utf8('S=2\n'))
    const done = await track(scratch.around(), ['*.secret'])
    expect(done.added).toEqual(['*.secret'])
    expect(done.plaintext).toEqual(['a.secret'])
    expect(done.history.map(({ path, commit }) => `${path} ${commit}`)).toEqual([
      `a.secret ${scratch.git('rev-parse', 'HEAD').trim()}`,
    ])
    expect((await track(scratch.around(), ['*.secret'])).added).toEqual([])
  })

  test('tracking everything leaves out what git and the filter must read', async () => {
    await track(scratch.around(), ['*'])
    const said = scratch.git('check-attr', 'filter', '.gitattributes', '.tvault-recipients', 'x')
    expect(said.split('\n').map((line) => line.split(': ').at(-1))).toEqual([
      'unspecified',
      'unspecified',
      'tvault',
      '',
    ])
  })

  test('the guard looks at what is staged, and at everything when what is tracked changes', async () => {
    scratch.stage('old.env', utf8('OLD=1\n'))
    scratch.git('commit', '--quiet', '-m', 'one')
    scratch.stage('new.txt', utf8('x'))
    expect((await checkStaged(scratch.around())).plaintext).toEqual([])
    scratch.stage('new.env', utf8('NEW=1\n'))
    expect((await checkStaged(scratch.around())).plaintext.map(({ path }) => path)).toEqual(['new.env'])
    scratch.git('rm', '--quiet', '--cached', 'new.env')
    scratch.write('.gitattributes', '*.env filter=tvault\n*.txt filter=tvault\n')
    scratch.git('add', '.gitattributes')
    expect((await checkStaged(scratch.around())).plaintext.map(({ path }) => path)).toEqual(['new.txt', 'old.env'])
  })

  test('what the index tracks counts, also when the work tree says otherwise', async () => {
    scratch.stage('new.env', utf8('NEW=1\n'))
    scratch.write('.gitattributes', '')
    expect((await checkStaged(scratch.around())).plaintext.map(({ path }) => path)).toEqual(['new.env'])
  })

  test('attributes that would change sealed bytes are found', async () => {
    scratch.write(
      '.gitattributes',
      '* text\n*.env filter=tvault\n*.safe filter=tvault -text\na.env eol=lf\nb.env !text ident\nc.env text=auto\n',
    )
    for (const name of ['a.env', 'b.env', 'c.env', 'd.env', 'd.safe']) scratch.stage(name, sealed('A=1\n', alice))
    const { unsafe } = await checkAll(scratch.around(), { history: false })
    expect(unsafe.map(({ path, attribute }) => `${path} ${attribute}`)).toEqual([
      'a.env text',
      'b.env ident',
      'd.env text',
    ])
  })
})

describe('the guard on recipients and conflicts', () => {
  test('a changed list with files sealed for the old one is refused where it can be mended', async () => {
    scratch.stage('a.env', sealed('A=1\n', alice, bob))
    scratch.git('commit', '--quiet', '-m', 'one')
    scratch.recipients(alice, bob, carol)
    expect((await checkStaged(scratch.around(alice))).stale).toEqual([])
    scratch.git('add', '.tvault-recipients')
    expect(await checkStaged(scratch.around(alice))).toMatchObject({ stale: ['a.env'], canReseal: true })
    expect(await checkStaged(scratch.around())).toMatchObject({ stale: ['a.env'], canReseal: false })
    await refresh(scratch.around(alice))
    expect(await checkStaged(scratch.around(alice))).toMatchObject({ stale: [], canReseal: false })
  })

  test('the comment of a merge conflict is found inside of sealed files', async () => {
    scratch.stage('a.env', sealed('# tvault conflict: A was changed on both sides, this is ours\nA=1\n', alice))
    expect((await checkStaged(scratch.around(alice))).conflicts).toEqual([{ path: 'a.env', keys: ['A'] }])
    expect((await checkStaged(scratch.around(carol))).conflicts).toEqual([])
  })
})

test('status says what opens', async () => {
  scratch.stage('a.env', sealed('A=1\n', alice, bob))
  scratch.stage('b.env', sealed('B=1\n', carol, bob))
  scratch.stage('c.env', sealed('C=1\n', alice, carol))
  scratch.stage('d.env', utf8('D=1\n'))
  const status = await statusOf(scratch.around(alice))
  expect(status).toMatchObject({ isInstalled: false, hasIdentity: true, isRecipient: true, patterns: ['*.env'] })
  expect(status.files).toMatchObject({
    current: ['a.env'],
    'cannot open': ['b.env'],
    stale: ['c.env'],
    plaintext: ['d.env'],
  })
  expect(await statusOf(scratch.around(carol))).toMatchObject({ isRecipient: false, hasIdentity: true })
  expect(await statusOf(scratch.around())).toMatchObject({ hasIdentity: false })
})

test('a repository that somebody prepared starts no program', async () => {
  const trap = join(scratch.folder, 'trap')
  scratch.write('../evil', `#!/bin/sh\ntouch '${trap}'\n`, 0o755)
  const evil = join(scratch.folder, 'evil')
  scratch.stage('a.env', sealed('A=1\n', alice, bob))
  scratch.git('commit', '--quiet', '-m', 'x')
  scratch.write('.git/hooks/post-index-change', `#!/bin/sh\ntouch '${trap}'\n`, 0o755)
  for (const name of ['core.fsmonitor', 'core.pager', 'pager.log', 'diff.external', 'core.sshCommand', 'core.editor'])
    scratch.git('config', name, evil)
  scratch.git('config', 'remote.origin.url', `ext::${evil}`)
  scratch.git('config', 'remote.origin.promisor', 'true')
  scratch.git('config', 'protocol.ext.allow', 'always')
  scratch.git('config', 'extensions.partialClone', 'origin')
  scratch.git('update-index', '--add', '--cacheinfo', `100644,${'1'.repeat(40)},absent.env`)
  rmSync(trap, { force: true })
  const around = scratch.around(alice)
  expect((await checkAll(around, { history: true })).absent).toBe(1)
  await checkStaged(around)
  await statusOf(around)
  await track(around, ['*.secret'])
  scratch.recipients(alice)
  expect((await refresh(around)).resealed).toEqual(['a.env'])
  expect(existsSync(trap)).toBeFalse()
  // The control: git by itself does start it.
  scratch.tryGit(['status'])
  expect(existsSync(trap)).toBeTrue()
})
