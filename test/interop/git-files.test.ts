// Encrypted files in git: recipients that come and go, files of every kind, plaintext that slips by (W17), and both
// programs on one repository where the binary of TinyVault 0.23 is there.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { stanzaCount } from '../../src/formats/sealed.ts'
import { peopleOfThisFile } from './git-place.ts'
import { peerBinary } from './peer.ts'

setDefaultTimeout(120_000)

const person = peopleOfThisFile()

describe('recipients', () => {
  test('adding one seals the file anew on the next add, and on the next install or checkout', () => {
    const [alice, bob, carol] = [person(), person(), person()]
    const work = alice.repository()
    work.tvault('git-filter', 'install', '--recipient', alice.recipient)
    work.tvault('git-filter', 'track', '.env', 'b.env')
    work.write('.env', 'A=1\n')
    work.write('b.env', 'B=1\n')
    work.commit('one')
    expect(stanzaCount(work.blob(':.env'))).toBe(1)

    // By hand, then touched and added: TinyVault 0.23 keeps the old recipients here.
    work.write('.tvault-recipients', `${work.read('.tvault-recipients')}${bob.recipient}\n`)
    work.touch('.env')
    work.git('add', '.env')
    expect(stanzaCount(work.blob(':.env'))).toBe(2)
    expect(stanzaCount(work.blob(':b.env'))).toBe(1)
    // The commit of the new list is refused while a file is left behind.
    work.git('add', '.tvault-recipients')
    expect(work.tryGit(['commit', '--message', 'forgets one']).err).toContain('b.env')
    expect(work.tvault('git-filter', 'checkout')).toContain('Encrypted anew for the present recipients: 1 file(s)')
    work.git('commit', '--quiet', '--message', 'two')
    expect(stanzaCount(work.blob('HEAD:b.env'))).toBe(2)

    expect(work.tvault('git-filter', 'install', '--recipient', carol.recipient)).toContain(': 2 file(s), staged')
    work.commit('three')
    expect(work.git('status', '--porcelain')).toBe('')
    const clone = carol.clone(work)
    clone.tvault('git-filter', 'install')
    expect([clone.read('.env'), clone.read('b.env')]).toEqual(['A=1\n', 'B=1\n'])
    expect(clone.tryTvault(['git-filter', 'check', '--strict']).code).toBe(0)
  })

  test('an identity from the environment opens a clone, and stays out of what git starts', () => {
    const [alice, ci] = [person(), person({ identity: false })]
    const work = alice.repository()
    work.tvault('git-filter', 'install', '--recipient', alice.recipient)
    work.tvault('git-filter', 'track', '.env')
    work.write('.env', 'A=1\n')
    work.commit('one')
    const key = alice.must(['identity', 'export', '--force']).toString().trim()
    const clone = ci.clone(work)
    const env = { TVAULT_IDENTITY_KEY: key }
    expect(clone.tryTvault(['git-filter', 'install'], { env }).out.toString()).toContain('Decrypted: 1')
    expect(clone.read('.env')).toBe('A=1\n')
    expect(clone.tryGit(['status', '--porcelain'], env).out.toString()).toBe('')
  })

  test('without a list nothing can be added', () => {
    const work = person().repository()
    work.tvault('git-filter', 'install')
    work.tvault('git-filter', 'track', '.env')
    work.write('.env', 'A=1\n')
    const add = work.tryGit(['add', '.env'])
    expect(add.code).toBe(128)
    expect(add.err).toContain('nobody to seal to')
    expect(work.git('ls-files', '.env')).toBe('')
  })
})

describe('files of every kind', () => {
  test('names, sizes and bytes survive clone, and line ends under `* text` do too', () => {
    const alice = person()
    const work = alice.repository()
    work.write('.gitattributes', '* text eol=crlf\n')
    work.tvault('git-filter', 'install', '--recipient', alice.recipient)
    work.tvault('git-filter', 'track', '*.s')
    const big = new Uint8Array(5_000_003)
    for (let at = 0; at < big.length; at += 65_536) crypto.getRandomValues(big.subarray(at, at + 65_536))
    const files: Record<string, Uint8Array> = {
      'empty.s': new Uint8Array(0),
      'big.s': big,
      'nul.s': Uint8Array.of(0, 255, 13, 10, 13, 0),
      'sealed-looking.s': new TextEncoder().encode('tvault-encrypted\x02\0\0\0'),
      'a b.s': new TextEncoder().encode('blank\r\n'),
      '-x.s': new TextEncoder().encode('dash\n'),
      '"quoted".s': new TextEncoder().encode('quotes\n'),
      'line\nend.s': new TextEncoder().encode('line end\n'),
      'ünïcode 🔑.s': new TextEncoder().encode('umlaut\n'),
      "it's $(touch PWNED) `x`.s": new TextEncoder().encode('shell\n'),
      '1:stage.s': new TextEncoder().encode('colon\n'),
    }
    for (const [name, content] of Object.entries(files)) work.write(name, content)
    // Enough of them that CR LF is in some ciphertext.
    for (let at = 0; at < 30; at++) work.write(`many/${at}.s`, big.subarray(at * 100_000, at * 100_000 + 100_000))
    work.commit('all')
    expect(work.git('status', '--porcelain')).toBe('')
    expect(work.tryTvault(['git-filter', 'check', '--strict']).code).toBe(0)
    const clone = alice.clone(work)
    clone.tvault('git-filter', 'install')
    for (const [name, content] of Object.entries(files)) expect(clone.bytes(name)).toEqual(Buffer.from(content))
    for (let at = 0; at < 30; at++)
      expect(clone.bytes(`many/${at}.s`)).toEqual(Buffer.from(big.subarray(at * 100_000, at * 100_000 + 100_000)))
    for (const name of Object.keys(files)) clone.touch(name)
    expect(clone.git('status', '--porcelain')).toBe('')
    expect(clone.git('diff')).toBe('')
  })
})

describe('W17', () => {
  test('plaintext is refused by the guard and by check, and told by track and status', () => {
    const alice = person()
    const work = alice.repository()
    work.write('.env', 'DB=first\n')
    // Long ago, so that git trusts the time it noted and does not look into the file again.
    utimesSync(join(work.top, '.env'), 1e9, 1e9)
    work.commit('plaintext')
    const track = work.tryTvault(['git-filter', 'track', '.env'])
    expect(track.err).toContain('plaintext in history')
    work.tvault('git-filter', 'install', '--recipient', alice.recipient)
    expect(work.tryTvault(['git-filter', 'status']).code).toBe(1)
    work.git('add', '--all')
    const commit = work.tryGit(['commit', '--message', 'forgets the file'])
    expect(commit.code).toBe(1)
    expect(commit.err).toContain('.env (index)')
    const check = work.tryTvault(['git-filter', 'check', '--json'])
    expect(check.code).toBe(1)
    expect(JSON.parse(check.out.toString()).plaintext).toEqual([{ path: '.env', where: 'index' }])
    work.git('add', '--renormalize', '.')
    work.git('commit', '--quiet', '--message', 'encrypted')
    expect(work.tryTvault(['git-filter', 'check']).code).toBe(0)
    expect(work.tryTvault(['git-filter', 'check', '--history']).code).toBe(1)
    // Plaintext that goes around the filter.
    const oid = work.git('hash-object', '-w', '--no-filters', '.env').trim()
    work.git('update-index', '--cacheinfo', `100644,${oid},.env`)
    expect(work.tryGit(['commit', '--message', 'around']).code).toBe(1)
  })

  test('after uninstall the work tree is what git has, so that nothing goes in by accident', () => {
    const alice = person()
    const work = alice.repository()
    work.tvault('git-filter', 'install', '--recipient', alice.recipient)
    work.tvault('git-filter', 'track', '.env', 'e.env')
    work.write('.env', 'DB=1\n')
    work.write('e.env', 'E=1\n')
    work.commit('one')
    work.write('e.env', 'E=2\n')
    const done = work.tryTvault(['git-filter', 'uninstall'])
    expect(done.err).toContain('e.env: it was changed')
    expect(done.err).toContain('will be committed as plaintext')
    expect(work.git('status', '--porcelain')).toBe(' M e.env\n')
    expect(work.tryTvault(['git-filter', 'uninstall']).code).toBe(0)
    // CI sees what the clone without a guard lets through.
    work.commit('leak')
    const check = work.tryTvault(['git-filter', 'check'])
    expect(check.code).toBe(1)
    expect(check.err).toContain('e.env (index)')
  })
})

const binary = peerBinary()

describe.if(binary !== undefined)('beside TinyVault 0.23', () => {
  test.each([
    ['the peer', 'ours', true],
    ['ours', 'the peer', false],
  ])('what %s stores, %s opens', (_, __, peerFirst) => {
    const makers = [person({ binary: binary! }), person()]
    const [maker, reader] = peerFirst ? [makers[0]!, makers[1]!] : [makers[1]!, makers[0]!]
    const work = maker.repository()
    work.tvault('git-filter', 'install', '--recipient', maker.recipient, '--recipient', reader.recipient)
    work.tvault('git-filter', 'track', '.env', '*.bin')
    const binaryFile = crypto.getRandomValues(new Uint8Array(10_000))
    work.write('.env', 'A="1 2"\nB=x\n')
    work.write('d/x.bin', binaryFile)
    work.commit('one')
    const clone = reader.clone(work)
    clone.tvault('git-filter', 'install')
    expect(clone.read('.env')).toBe('A="1 2"\nB=x\n')
    expect(clone.bytes('d/x.bin')).toEqual(Buffer.from(binaryFile))
    clone.touch('.env')
    expect(clone.git('status', '--porcelain')).toBe('')
    clone.write('.env', 'A=3\n')
    clone.commit('two')
    work.git('pull', '--quiet', clone.top, 'main')
    expect(work.read('.env')).toBe('A=3\n')
    expect(work.git('status', '--porcelain')).toBe('')
  })

  test('each works with the words that the other put into the configuration', () => {
    const [theirs, ours] = [person({ binary: binary! }), person()]
    const work = theirs.repository()
    work.tvault('git-filter', 'install', '--recipient', theirs.recipient, '--recipient', ours.recipient)
    work.tvault('git-filter', 'track', '.env')
    work.write('.env', 'A=1\n')
    work.commit('one')
    // Our program answers git-clean and git-smudge, one process a file.
    const clone = ours.clone(work)
    clone.git('config', 'filter.tvault.clean', 'tvault git-clean %f')
    clone.git('config', 'filter.tvault.smudge', 'tvault git-smudge %f')
    clone.git('config', 'filter.tvault.required', 'true')
    rmSync(join(clone.top, '.env'))
    clone.git('checkout', '--', '.env')
    expect(clone.read('.env')).toBe('A=1\n')
    expect(clone.tryTvault(['git-filter', 'status', '--json']).out.toString()).toContain('"installed": true')
    clone.write('.env', 'A=2\n')
    clone.commit('two')
    // And theirs the words of ours, but for the long running process, which it does not have.
    work.git('config', 'filter.tvault.clean', 'tvault git-clean -- %f')
    work.git('config', 'filter.tvault.smudge', 'tvault git-smudge -- %f')
    work.git('pull', '--quiet', clone.top, 'main')
    expect(work.read('.env')).toBe('A=2\n')
    expect(work.tryTvault(['git-filter', 'status']).out.toString()).toContain('Filters installed in')
  })

  test('defect 4: the peer forgets a new recipient, ours seals its file anew', () => {
    const [theirs, ours, third] = [person({ binary: binary! }), person(), person()]
    const work = theirs.repository()
    work.tvault('git-filter', 'install', '--recipient', theirs.recipient, '--recipient', ours.recipient)
    work.tvault('git-filter', 'track', '.env')
    work.write('.env', 'A=1\n')
    work.commit('one')
    work.tvault('git-filter', 'install', '--recipient', third.recipient)
    work.touch('.env')
    work.commit('two')
    expect(stanzaCount(work.blob('HEAD:.env'))).toBe(2)
    const clone = ours.clone(work)
    expect(clone.tvault('git-filter', 'install')).toContain('Encrypted anew for the present recipients: 1')
    clone.commit('three')
    expect(stanzaCount(clone.blob('HEAD:.env'))).toBe(3)
    const last = third.clone(clone)
    last.tvault('git-filter', 'install')
    expect(last.read('.env')).toBe('A=1\n')
  })
})
