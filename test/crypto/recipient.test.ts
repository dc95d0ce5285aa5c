// Recipients, identities and stanzas: published vectors, a second implementation, what the peer made, and everything
// that must be refused.
import { beforeAll, describe, expect, test } from 'bun:test'
import { decodeBase32, encodeBase32 } from '../../src/crypto/base32.ts'
import { randomBytes } from '../../src/crypto/random.ts'
import {
  Identity,
  STANZA_SIZE,
  fingerprint,
  parseRecipient,
  recipientFrom,
  unwrapKey,
  wrapKey,
  wrapWith,
} from '../../src/crypto/recipient.ts'
import { toHex, utf8 } from '../../src/lib/bytes.ts'
import { Secret } from '../../src/lib/secret.ts'
import { failure } from '../failure.ts'
import { wycheproof, field } from '../contract/wycheproof.ts'
import { keyText, sodiumStanzas, type Sodium } from '../reference/stanza.ts'
import sealed from '../vectors/sealed.json'
import x25519 from '../vectors/x25519.json'

const bytes = (hex: string): Uint8Array => Uint8Array.fromHex(hex)
const identityOf = (scalar: Uint8Array): Identity => Identity.parse(Secret.fromText(keyText('tvault-key1', scalar)))
const textOf = (identity: Identity): string => new TextDecoder().decode(identity.export().reveal())

/** Coordinates of low order as they are, and all their other names below 2^256 (plus p, with bit 255). */
const LOW = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]
const NOT_CANONICAL = [
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  '0900000000000000000000000000000000000000000000000000000000000080',
  ...LOW.map((point) => point.slice(0, 62) + (Number.parseInt(point.slice(62), 16) | 0x80).toString(16)),
]

let other: Sodium
beforeAll(async () => {
  other = await sodiumStanzas()
})

describe('X25519', () => {
  test('published vectors', () => {
    for (const { scalar, point, output } of x25519) {
      expect(identityOf(bytes(scalar)).agree(bytes(point))?.toHex()).toBe(output)
    }
    expect(x25519.length).toBeGreaterThan(2)
  })

  test('a thousand rounds (RFC 7748 section 5.2)', () => {
    let [k, u] = [bytes(`09${'00'.repeat(31)}`), bytes(`09${'00'.repeat(31)}`)]
    for (let round = 0; round < 1000; round++) {
      const next = identityOf(k).agree(u)!
      u = k
      k = next
    }
    expect(k.toHex()).toBe('684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51')
  })

  test('Wycheproof', () => {
    let count = 0
    for (const { tests } of wycheproof('x25519') ?? []) {
      for (const vector of tests) {
        const shared = identityOf(field(vector, 'private')).agree(field(vector, 'public'))
        const zero = (vector['flags'] as string[]).includes('ZeroSharedSecret')
        expect([vector.tcId, shared?.toHex()]).toEqual([vector.tcId, zero ? undefined : String(vector['shared'])])
        count += 1
      }
    }
    console.log(`vectors: x25519: ${x25519.length} published, ${count} Wycheproof`)
  })

  test('agrees with libsodium', () => {
    for (let round = 0; round < 200; round++) {
      const [scalar, point] = [randomBytes(32), randomBytes(32)]
      const identity = identityOf(scalar)
      expect(toHex(identity.recipient.publicKey)).toBe(toHex(other.publicKey(scalar)))
      expect(toHex(identity.agree(point)!)).toBe(toHex(other.agree(scalar, point)!))
    }
  })
})

describe('base32', () => {
  test('of all lengths, there and back, as the big number has it', () => {
    for (let size = 0; size < 70; size++) {
      const value = randomBytes(size)
      const letters = encodeBase32(value)
      expect(decodeBase32(letters, size)?.toHex()).toBe(value.toHex())
      expect(decodeBase32(letters, size + 1)).toBeUndefined()
      if (size === 0) continue
      expect(decodeBase32(letters, size - 1)).toBeUndefined()
      expect(decodeBase32(letters.subarray(1), size)).toBeUndefined()
    }
    const key = randomBytes(32)
    expect(new TextDecoder().decode(encodeBase32(key))).toBe(keyText('', key))
    // RFC 4648 section 10.
    expect(new TextDecoder().decode(encodeBase32(utf8('foobar')))).toBe('mzxw6ytboi')
  })

  test('is strict', () => {
    expect(decodeBase32(utf8('mzxw6ytboi======'), 6)).toBeUndefined()
    expect(decodeBase32(utf8('mzxw 6ytboi'), 6)).toBeUndefined()
    expect(decodeBase32(utf8('mzxw6ytb01'), 6)).toBeUndefined()
    expect(decodeBase32(utf8('mzxw6ytbo8'), 6)).toBeUndefined()
    expect(decodeBase32(utf8('mzxw6ytboj'), 6)).toBeUndefined()
    expect(decodeBase32(utf8('MZXW6\r\nytboI\n'), 6)).toEqual(utf8('foobar'))
  })
})

describe('recipient strings', () => {
  const { recipient: text } = sealed.identities.a

  test('of the peer, and what is forgiven around and inside of them', () => {
    const recipient = parseRecipient(text)
    expect(recipient.text).toBe(text)
    const body = text.slice(7)
    for (const accepted of [
      ` \t${text}\r\n`,
      `\u00a0${text}\u0085`,
      `tvault1${body.toUpperCase()}`,
      `tvault1${body.slice(0, 20)}\r\n${body.slice(20)}`,
    ]) {
      expect(parseRecipient(accepted)).toEqual(recipient)
    }
    expect(recipientFrom(recipient.publicKey)).toEqual(recipient)
  })

  test('what is refused, without a word of it', () => {
    const body = text.slice(7)
    for (const refused of [
      '',
      'tvault1',
      body,
      text.toUpperCase(),
      `TVAULT1${body}`,
      `tvault1${body.slice(0, 20)} ${body.slice(20)}`,
      text.slice(0, -1),
      `${text}a`,
      `${text}====`,
      text.replace(body[3]!, '1'),
      text.replace(body[3]!, 'ü'),
      sealed.identities.a.private,
      'x'.repeat(1_000_000),
    ]) {
      const { kind, message, hint } = failure(() => parseRecipient(refused))
      expect(kind).toBe('usage')
      if (refused.length > 10) expect(`${message} ${hint}`).not.toContain(refused.slice(11, 22))
    }
  })

  test('defect 11: the unused bits of the last letter must be zero', () => {
    const last = 'abcdefghijklmnopqrstuvwxyz234567'
    const accepted = last.split('').filter((letter) => {
      try {
        return parseRecipient(text.slice(0, -1) + letter) !== undefined
      } catch {
        return false
      }
    })
    expect(accepted).toEqual(['a', 'q'])
  })

  test.each([...LOW, ...NOT_CANONICAL])('point %s is refused as text and as bytes', (point) => {
    expect(failure(() => parseRecipient(keyText('tvault1', bytes(point)))).message).toStartWith('unusable recipient')
    expect(failure(() => recipientFrom(bytes(point))).kind).toBe('corrupt')
  })

  test('the list of low order is complete: libsodium refuses nothing else, and the same', () => {
    const scalar = randomBytes(32)
    for (const point of LOW) expect(other.agree(scalar, bytes(point))).toBeUndefined()
    for (const size of [0, 31, 33]) expect(failure(() => recipientFrom(new Uint8Array(size))).kind).toBe('corrupt')
  })

  test('a recipient keeps its own copy of the bytes', () => {
    const point = randomBytes(32)
    point[31]! &= 0x3f
    const recipient = recipientFrom(point)
    point.fill(0)
    expect(recipient.publicKey.some((byte) => byte !== 0)).toBeTrue()
  })

  test('the fingerprint is that of the bytes, and differs with one letter', () => {
    const recipient = parseRecipient(text)
    const whole = new Bun.CryptoHasher('sha256').update(recipient.publicKey).digest('hex')
    expect(fingerprint(recipient)).toBe(
      `${whole.slice(0, 4)}-${whole.slice(4, 8)}-${whole.slice(8, 12)}-${whole.slice(12, 16)}`,
    )
    const typo = parseRecipient(text.slice(0, 30) + (text[30] === 'a' ? 'b' : 'a') + text.slice(31))
    expect(fingerprint(typo)).not.toBe(fingerprint(recipient))
  })
})

describe('identities', () => {
  test('of the peer: private key to recipient and back', () => {
    for (const { recipient, private: key } of Object.values(sealed.identities)) {
      const identity = Identity.parse(Secret.fromText(`\n  ${key} \r\n`))
      expect([identity.recipient.text, textOf(identity)]).toEqual([recipient, key])
    }
  })

  test('a bad one is never repeated', () => {
    const key = sealed.identities.a.private
    for (const bad of [
      '',
      key.slice(0, -1),
      `${key}a`,
      key.toUpperCase(),
      key.replace('key1', 'key2'),
      `${key.slice(0, -1)}b`,
    ]) {
      const { kind, message, hint } = failure(() => Identity.parse(Secret.fromText(bad)))
      expect(kind).toBe('failed')
      expect(`${message} ${hint}`).not.toContain(key.slice(12, 20))
    }
  })

  test('new ones differ, and a wiped one opens nothing', () => {
    const [first, second] = [Identity.generate(), Identity.generate()]
    expect(first.recipient.text).not.toBe(second.recipient.text)
    const stanza = wrapKey(randomBytes(32), first.recipient)
    expect(unwrapKey(stanza, first)).toBeDefined()
    first.wipe()
    first.wipe()
    expect(unwrapKey(stanza, first)).toBeUndefined()
    expect(first.export().size).toBe('tvault-key1'.length)
    expect(JSON.stringify(second)).not.toContain('tvault-key1')
    expect(Bun.inspect(second)).not.toContain(textOf(second).slice(11, 30))
  })
})

describe('stanzas', () => {
  test('ours and those of libsodium are the same, and open each other', () => {
    for (let round = 0; round < 100; round++) {
      const [scalar, ephemeral, nonce, key] = [randomBytes(32), randomBytes(32), randomBytes(12), randomBytes(32)]
      const identity = identityOf(scalar)
      const ours = wrapWith(ephemeral, nonce, key, identity.recipient)
      expect(toHex(ours)).toBe(toHex(other.wrap(key, identity.recipient.publicKey, ephemeral, nonce)))
      expect(toHex(unwrapKey(ours, identity)!)).toBe(toHex(key))
      expect(toHex(other.unwrap(wrapKey(key, identity.recipient), scalar)!)).toBe(toHex(key))
    }
  })

  test('open for their recipient only, and are new every time', () => {
    const [alice, bob] = [Identity.generate(), Identity.generate()]
    const key = randomBytes(32)
    const stanza = wrapKey(key, alice.recipient)
    expect(stanza.length).toBe(STANZA_SIZE)
    expect(STANZA_SIZE).toBe(93)
    expect(unwrapKey(stanza, bob)).toBeUndefined()
    expect(toHex(wrapKey(key, alice.recipient).subarray(1, 33))).not.toBe(toHex(stanza.subarray(1, 33)))
    expect(() => wrapKey(new Uint8Array(16), alice.recipient)).toThrow(RangeError)
  })

  test('every byte flipped, every length, every low point: nothing, and no error', () => {
    const alice = Identity.generate()
    const stanza = wrapKey(randomBytes(32), alice.recipient)
    for (let at = 0; at < stanza.length; at++) {
      for (const bit of [1, 0x80]) {
        const changed = stanza.slice()
        changed[at]! ^= bit
        expect([at, unwrapKey(changed, alice)]).toEqual([at, undefined])
      }
      expect(unwrapKey(stanza.subarray(0, at), alice)).toBeUndefined()
    }
    expect(unwrapKey(new Uint8Array([...stanza, 0]), alice)).toBeUndefined()
    for (const point of [...LOW, ...NOT_CANONICAL]) {
      const changed = stanza.slice()
      changed.set(bytes(point), 1)
      expect(unwrapKey(changed, alice)).toBeUndefined()
    }
  })
})
