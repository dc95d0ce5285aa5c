// Tokens: what is shown is looked up by its hash alone, holds for its time and uses, and is of no use once revoked. A
// proof is good for one nonce.
import { describe, expect, test } from 'bun:test'
import { mac, sha256 } from '../../../src/crypto/keys.ts'
import { utf8 } from '../../../src/lib/bytes.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { PROOF_LABEL } from '../../../src/modes/agent/proof.ts'
import { Tokens, idOf } from '../../../src/modes/agent/tokens.ts'

const HOUR = 3_600_000

function setUp(): { tokens: Tokens; pass: (milliseconds: number) => void; now: () => number } {
  let now = 1_000_000
  const tokens = new Tokens({ sha256: (bytes) => sha256(bytes), hmac: mac }, () => now)
  return { tokens, now: () => now, pass: (milliseconds) => (now += milliseconds) }
}

const hashOf = (token: string): Uint8Array => sha256(utf8(token))
const idFor = (token: string): string => idOf(hashOf(token))
const proofOf = (token: string, nonce: Uint8Array): Uint8Array => mac(hashOf(token), utf8(PROOF_LABEL), nonce)
const file = (text: string): Uint8Array => utf8(text)

describe('a file of tokens', () => {
  test('has a token, or token:project, on a line; the last line of a token wins', () => {
    const { tokens } = setUp()
    tokens.load(file('# comment\n\n  all-of-it \r\nscoped : web \n:nothing\ntwice:a\ntwice:b:c\nlast'))
    expect(tokens.byItself('all-of-it')).toEqual({ id: idFor('all-of-it'), scope: {}, unlimited: true })
    expect(tokens.byItself('scoped')).toEqual({ id: idFor('scoped'), scope: { project: 'web' }, unlimited: false })
    expect(tokens.byItself('twice')?.scope).toEqual({ project: 'b:c' })
    expect(tokens.byItself('last')?.scope).toEqual({})
    for (const no of ['', 'nothing', ':nothing', '# comment', '#', 'scoped:web', 'all-of-it ', 'ALL-OF-IT'])
      expect([no, tokens.byItself(no)]).toEqual([no, undefined])
    expect(tokens.list()).toHaveLength(4)
  })

  test.each(['', '\n\n', '# only words\n', ':project\n', '  \r\n'])('without one is refused: %j', (content) => {
    const { tokens } = setUp()
    tokens.load(file('before'))
    expect(() => tokens.load(file(content))).toThrow('holds no token')
    expect(tokens.byItself('before')).toBeDefined()
  })

  test('that is no text is refused, and what was loaded before stays', () => {
    const { tokens } = setUp()
    tokens.load(file('before'))
    expect(() => tokens.load(Uint8Array.of(0x61, 0xff))).toThrow('not UTF-8')
    expect(tokens.byItself('before')).toBeDefined()
  })

  test('takes the place of the one before, and leaves the other kind alone', () => {
    const { tokens, now } = setUp()
    tokens.load(file('old\nkept'))
    tokens.add(new Secret(utf8('made')), { scope: {}, label: 'x', expiresAt: now() + HOUR, uses: undefined })
    tokens.load(file('kept\nnew'))
    expect(['old', 'kept', 'new', 'made'].map((token) => tokens.byItself(token) !== undefined)).toEqual([
      false,
      true,
      true,
      true,
    ])
    expect(tokens.holds(idFor('old'))).toBeFalse()
  })

  test('with ten thousand lines', () => {
    const { tokens } = setUp()
    tokens.load(file(Array.from({ length: 10_000 }, (_, index) => `token-${index}:p${index}`).join('\n')))
    expect(tokens.byItself('token-9999')?.scope).toEqual({ project: 'p9999' })
  })
})

describe('a token that was made', () => {
  const made = (rest: { uses?: number; milliseconds?: number } = {}) => {
    const its = setUp()
    const info = its.tokens.add(new Secret(utf8('tvt_x')), {
      scope: { project: 'web', keys: ['DB_*'], effects: ['inject'] },
      label: 'deploy',
      expiresAt: its.now() + (rest.milliseconds ?? HOUR),
      uses: rest.uses,
    })
    return { ...its, info }
  }

  test('is listed by its id and never shown', () => {
    const { tokens, info } = made({ uses: 3 })
    expect(tokens.list()).toEqual([info])
    expect(info).toEqual({
      id: idFor('tvt_x'),
      label: 'deploy',
      project: 'web',
      keys: ['DB_*'],
      effects: ['inject'],
      expires_at: new Date(1_000_000 + HOUR).toISOString(),
      uses_left: 3,
      source: 'agent',
    })
    expect(info.id).toHaveLength(8)
    expect(JSON.stringify(tokens.list())).not.toContain('tvt_x')
  })

  test('is never unlimited, also without a scope', () => {
    const { tokens, now } = setUp()
    tokens.add(new Secret(utf8('t')), { scope: {}, label: '', expiresAt: now() + HOUR, uses: undefined })
    expect(tokens.byItself('t')?.unlimited).toBeFalse()
  })

  test('is over to the millisecond, for new conversations and for those that go on', () => {
    const { tokens, info, pass } = made({ milliseconds: 1000 })
    pass(999)
    expect(tokens.byItself('tvt_x')).toBeDefined()
    expect(tokens.holds(info.id)).toBeTrue()
    pass(1)
    expect(tokens.byItself('tvt_x')).toBeUndefined()
    expect(tokens.holds(info.id)).toBeFalse()
    expect(tokens.list()).toEqual([])
    expect(tokens.everHeld).toBeTrue()
  })

  test('is used up by being shown, whatever way; who showed it last goes on', () => {
    const { tokens, info } = made({ uses: 2 })
    const nonce = Uint8Array.from({ length: 32 }, () => 7)
    expect(tokens.byItself('tvt_x')).toBeDefined()
    expect(tokens.byProof(info.id, proofOf('tvt_x', nonce), nonce)).toBeDefined()
    expect(tokens.byItself('tvt_x')).toBeUndefined()
    expect(tokens.byProof(info.id, proofOf('tvt_x', nonce), nonce)).toBeUndefined()
    expect(tokens.holds(info.id)).toBeTrue()
    expect(tokens.list()[0]?.uses_left).toBe(0)
  })

  test('a wrong one costs no use', () => {
    const { tokens, info } = made({ uses: 1 })
    const nonce = new Uint8Array(32)
    expect(tokens.byItself('tvt_y')).toBeUndefined()
    expect(tokens.byProof(info.id, new Uint8Array(32), nonce)).toBeUndefined()
    expect(tokens.list()[0]?.uses_left).toBe(1)
  })

  test('is of no use once revoked', () => {
    const { tokens, info } = made()
    expect(tokens.revoke('00000000')).toBeFalse()
    expect(tokens.revoke(info.id)).toBeTrue()
    expect(tokens.revoke(info.id)).toBeFalse()
    expect(tokens.byItself('tvt_x')).toBeUndefined()
    expect(tokens.holds(info.id)).toBeFalse()
  })
})

describe('a proof', () => {
  test('is good for its nonce, its token and its id, and for nothing else', () => {
    const { tokens } = setUp()
    tokens.load(file('right:web\nother'))
    const nonce = Uint8Array.from({ length: 32 }, (_, index) => index)
    const proof = proofOf('right', nonce)
    expect(tokens.byProof(idFor('right'), proof, nonce)?.scope).toEqual({ project: 'web' })
    const second = nonce.map((byte) => byte ^ 1)
    expect(tokens.byProof(idFor('right'), proof, second)).toBeUndefined()
    expect(tokens.byProof(idFor('other'), proof, nonce)).toBeUndefined()
    expect(tokens.byProof(idFor('other'), proofOf('right', nonce), nonce)).toBeUndefined()
    expect(tokens.byProof('', proof, nonce)).toBeUndefined()
    for (let at = 0; at < proof.length; at++) {
      const forged = proof.slice()
      forged[at]! ^= 1
      expect(tokens.byProof(idFor('right'), forged, nonce)).toBeUndefined()
    }
    expect(tokens.byProof(idFor('right'), proof.subarray(0, 31), nonce)).toBeUndefined()
    // The hash that the agent keeps, and an HMAC without the label, open nothing.
    expect(tokens.byProof(idFor('right'), hashOf('right'), nonce)).toBeUndefined()
    expect(tokens.byProof(idFor('right'), mac(hashOf('right'), nonce), nonce)).toBeUndefined()
  })
})
