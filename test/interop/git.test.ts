// Encrypted files in git, with the compiled program and real git: a repository with many of them, and merging.
import { beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { stanzaCount } from '../../src/formats/sealed.ts'
import { peopleOfThisFile } from './git-place.ts'
import type { Person, Work } from './git-place.ts'

setDefaultTimeout(120_000)

const person = peopleOfThisFile()

/** The text that must never be seen where git stores or shows something to others. */
const VALUE = 'hunter2-plaintext'

describe('a repository with 200 encrypted files', () => {
  const COUNT = 200
  const names = Array.from({ length: COUNT }, (_, at) => `service-${at % 20}/${Math.floor(at / 20)}.env`)
  const text = (name: string): string => `# ${name}\nNAME=${name}\nSECRET="${VALUE} of ${name}"\n`
  let [alice, bob, eve] = [] as unknown as [Person, Person, Person]
  let origin: Work

  beforeAll(() => {
    ;[alice, bob, eve] = [person(), person(), person({ identity: false })]
    origin = alice.repository()
    origin.tvault('git-filter', 'install', '--recipient', alice.recipient, '--recipient', bob.recipient)
    origin.tvault('git-filter', 'track', '*.env')
    for (const name of names) origin.write(name, text(name))
    origin.commit('all')
  })

  test('clone with an identity: all files are plaintext, and git sees no change', () => {
    const clone = bob.clone(origin)
    expect(clone.bytes(names[0]!).toString('latin1')).toStartWith('tvault-encrypted')
    expect(clone.tvault('git-filter', 'install')).toContain(`Decrypted: ${COUNT} tracked file(s)`)
    for (const name of names) expect(clone.read(name)).toBe(text(name))
    expect(statSync(join(clone.top, names[0]!)).mode & 0o777).toBe(0o600)
    expect(clone.git('status', '--porcelain')).toBe('')
    for (const name of names) clone.touch(name)
    expect(clone.git('status', '--porcelain')).toBe('')
    const status = clone.tryTvault(['git-filter', 'status', '--json'])
    expect(status.code).toBe(0)
    expect(JSON.parse(status.out.toString())).toMatchObject({ installed: true, opens: COUNT, plaintext: [], stale: [] })
  })

  test('one process serves all files of a git command', () => {
    const clone = bob.clone(origin, 'traced')
    clone.tvault('git-filter', 'install')
    for (const name of names) rmSync(join(clone.top, name))
    const { err } = clone.tryGit(['checkout', '--', '.'], { GIT_TRACE: '1' })
    expect(err.split('\n').filter((line) => line.includes('run_command') && line.includes('tvault'))).toHaveLength(1)
    expect(clone.read(names.at(-1)!)).toBe(text(names.at(-1)!))
  })

  test('clone without an identity: files stay encrypted, git works, and nothing shows a value', () => {
    const clone = eve.clone(origin)
    const installed = clone.tryTvault(['git-filter', 'install'])
    expect(installed.code).toBe(0)
    expect(clone.git('status', '--porcelain')).toBe('')
    for (const name of names) clone.touch(name)
    expect(clone.git('status', '--porcelain')).toBe('')
    rmSync(join(clone.top, names[0]!))
    const checkout = clone.tryGit(['checkout', '--', '.'])
    expect(checkout.code).toBe(0)
    expect(checkout.err).toContain('no identity available')
    expect(clone.bytes(names[0]!)).toEqual(clone.blob(`:${names[0]}`))
    expect(clone.tryTvault(['git-filter', 'check']).code).toBe(0)
    const log = clone.git('log', '-p', '--', 'service-0')
    expect(log).toContain('(sealed by tvault to 2 recipient(s)')
    expect(log).not.toContain(VALUE)
  })

  test('git log -p shows values to holders only, and to nobody without textconv', () => {
    expect(origin.git('log', '-p', '--', 'service-0')).toContain(`+SECRET="${VALUE} of ${names[0]}"`)
    expect(origin.git('log', '-p', '--no-textconv', '--binary')).not.toContain(VALUE)
    expect(origin.git('grep', '--cached', '--text', '--count', 'tvault-encrypted').split('\n').length).toBe(COUNT + 1)
    expect(origin.tryGit(['grep', '--cached', '--text', VALUE]).code).toBe(1)
  })

  test('two branches that edit different keys of one file merge cleanly', () => {
    const clone = bob.clone(origin, 'merging')
    clone.tvault('git-filter', 'install')
    const name = names[7]!
    clone.git('checkout', '--quiet', '-b', 'side')
    clone.write(name, text(name).replace(`NAME=${name}`, 'NAME=renamed'))
    clone.commit('side')
    clone.git('checkout', '--quiet', 'main')
    clone.write(name, `${text(name)}# for the new api\nTOKEN='${VALUE}-3'\n`)
    clone.commit('main')
    clone.git('merge', '--quiet', '--message', 'merged', 'side')
    expect(clone.read(name)).toBe(
      `# ${name}\nNAME=renamed\nSECRET="${VALUE} of ${name}"\n# for the new api\nTOKEN='${VALUE}-3'\n`,
    )
    expect(clone.git('status', '--porcelain')).toBe('')
    expect(clone.git('log', '-p', '-m', '--no-textconv', '--binary')).not.toContain(VALUE)
    expect(clone.tryTvault(['git-filter', 'check', '--history', '--strict']).code).toBe(0)
  })
})

describe('merging', () => {
  let alice: Person
  beforeAll(() => {
    alice = person()
  })

  function start(name: string, base: string): Work {
    const work = alice.repository(name)
    work.tvault('git-filter', 'install', '--recipient', alice.recipient)
    work.tvault('git-filter', 'track', '.env')
    work.write('.env', base)
    work.commit('base')
    return work
  }

  function branches(work: Work, ours: string, theirs: string): void {
    work.git('checkout', '--quiet', '-b', 'side')
    work.write('.env', theirs)
    work.commit('side')
    work.git('checkout', '--quiet', 'main')
    work.write('.env', ours)
    work.commit('main')
  }

  test('the same key on both sides: a conflict with names and no value of theirs', () => {
    const work = start('conflict', 'A=1\nB=1\nC=1\n')
    branches(work, 'A=ours-a\nB=1\nC=1\n', `A=${VALUE}\nB=theirs-b\nC=1\n`)
    const merge = work.tryGit(['merge', 'side'])
    expect(merge.code).toBe(1)
    expect(merge.err).toContain('.env: both sides changed A;')
    expect(merge.err + merge.out.toString()).not.toMatch(/hunter2|ours-a|theirs-b/)
    expect(work.read('.env')).toBe(
      '# tvault conflict: A was changed on both sides, this is ours\nA=ours-a\nB=theirs-b\nC=1\n',
    )
    expect(work.git('status', '--porcelain')).toBe('UU .env\n')
    // Committing it as it is is refused; the other side is there to be looked at.
    const commit = work.tryGit(['commit', '--all', '--message', 'unread'])
    expect(commit.code).toBe(1)
    expect(commit.err).toContain('.env (A)')
    const stage = work.owner.tryGit(work.top, ['cat-file', 'blob', 'side:.env']).out
    expect(work.tryTvault(['git-smudge'], { stdin: stage }).out.toString()).toContain(`A=${VALUE}`)
    work.write('.env', `A=${VALUE}\nB=theirs-b\nC=1\n`)
    work.commit('merged')
    expect(work.git('log', '-1', '--format=%P').trim().split(' ')).toHaveLength(2)
    expect(work.git('status', '--porcelain')).toBe('')
  })

  test('rebase and cherry-pick go the same way', () => {
    const work = start('rebase', 'A=1\nB=1\nC=1\n')
    branches(work, 'A=1\nB=2\nC=1\n', 'A=3\nB=1\nC=1\n')
    work.git('checkout', '--quiet', 'side')
    for (const value of ['4', '5', '6']) {
      work.write('.env', `A=${value}\nB=1\nC=1\n`)
      work.commit(value)
    }
    work.git('rebase', '--quiet', 'main')
    expect(work.read('.env')).toBe('A=6\nB=2\nC=1\n')
    work.git('checkout', '--quiet', '-b', 'pick', 'main')
    work.git('cherry-pick', 'side~3')
    expect(work.git('status', '--porcelain')).toBe('')
    expect(work.read('.env')).toBe('A=3\nB=2\nC=1\n')
  })

  test('what is no dotenv is a conflict that keeps ours, whole', () => {
    const work = start('opaque', '{"a": 1}\n')
    branches(work, '{"a": 2}\n', '{"a": 3}\n')
    const merge = work.tryGit(['merge', 'side'])
    expect(merge.code).toBe(1)
    expect(merge.err).toContain('no dotenv file')
    expect(work.read('.env')).toBe('{"a": 2}\n')
    expect(work.git('status', '--porcelain')).toBe('UU .env\n')
  })

  test('without an identity nothing is merged, and nothing is lost', () => {
    const work = start('locked', 'A=1\nB=1\n')
    branches(work, 'A=2\nB=1\n', 'A=1\nB=2\n')
    const eve = person({ identity: false })
    const clone = eve.clone(work)
    clone.tvault('git-filter', 'install')
    const merge = clone.tryGit(['merge', 'origin/side'])
    expect(merge.code).toBe(1)
    expect(merge.err).toContain('no identity')
    expect(clone.bytes('.env')).toEqual(clone.blob('HEAD:.env'))
    expect(clone.blob(':3:.env')).toEqual(clone.blob('origin/side:.env'))
  })

  test('where the sides are sealed to different people, somebody must look before anybody can read', () => {
    const bob = person()
    const work = start('people', 'A=1\nB=1\n')
    work.tvault('git-filter', 'install', '--recipient', bob.recipient)
    work.commit('bob joins')
    work.git('checkout', '--quiet', '-b', 'side')
    const list = work.read('.tvault-recipients').replace(`${bob.recipient}\n`, '')
    work.write('.tvault-recipients', list)
    work.tvault('git-filter', 'checkout')
    work.write('.env', 'A=for-alice-only\nB=1\n')
    work.commit('bob leaves')
    work.git('checkout', '--quiet', 'main')
    work.write('.env', 'A=1\nB=2\n')
    work.commit('main goes on')
    const merge = work.tryGit(['merge', 'side'])
    expect(merge.code).toBe(1)
    expect(merge.err).toContain('not sealed to the same recipients')
    expect(work.read('.env')).toBe('A=for-alice-only\nB=2\n')
    work.commit('looked at')
    expect(work.read('.tvault-recipients')).toBe(list)
    expect(stanzaCount(work.blob('HEAD:.env'))).toBe(1)
  })
})
