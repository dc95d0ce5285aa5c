// Sealed files of both versions, and the text inside of them: what the peer made, what we make, and every way to break one.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { DEFAULT_KDF } from '../../src/crypto/kdf-parameters.ts'
import { derive } from '../../src/crypto/kdf.ts'
import { LABELS, hkdf } from '../../src/crypto/keys.ts'
import { randomBytes } from '../../src/crypto/random.ts'
import { Identity, parseRecipient } from '../../src/crypto/recipient.ts'
import { parseDotenv } from '../../src/formats/dotenv.ts'
import { parseIdentityFile, parsePrivate, printIdentityFile, printPrivate } from '../../src/formats/identity-file.ts'
import { printMarshal } from '../../src/formats/marshal.ts'
import {
  addRecipient,
  fingerprintOf,
  parseRecipients,
  printRecipients,
  readRecipients,
} from '../../src/formats/recipients-file.ts'
import {
  fileSalt,
  isBinary,
  newSalt,
  openWithFileKey,
  openWithIdentity,
  sealToRecipients,
  sealWithFileKey,
  sealedVersion,
  stanzaCount,
} from '../../src/formats/sealed.ts'
import { concat, toHex, utf8 } from '../../src/lib/bytes.ts'
import { Secret } from '../../src/lib/secret.ts'
import { failure } from '../failure.ts'
import vectors from '../vectors/sealed.json'
import { anyKey, anyValue, printables } from './values.ts'

const bytes = (hex: string): Uint8Array => Uint8Array.fromHex(hex)
const shown = (secret: Secret): string => new TextDecoder().decode(secret.reveal())
const identity = (name: 'a' | 'b'): Identity => Identity.parse(Secret.fromText(vectors.identities[name].private))
const stranger = Identity.generate()

describe('version 2', () => {
  const blob = bytes(vectors.version2.blob)
  const plaintext = bytes(vectors.version2.plaintext)

  test('of the peer opens for both of its recipients, whichever else is tried', () => {
    for (const name of ['a', 'b'] as const) {
      expect(openWithIdentity(blob, [stranger, identity(name)]).reveal()).toEqual(plaintext)
    }
    expect([sealedVersion(blob), stanzaCount(blob)]).toEqual([2, 2])
  })

  test('ours: sizes, order, no recipient twice, and fresh every time', () => {
    const to = [identity('a').recipient, stranger.recipient, identity('a').recipient]
    const sealed = sealToRecipients(new Secret(plaintext.slice()), to)
    expect([sealed.length, stanzaCount(sealed)]).toEqual([50 + 95 * 2 + plaintext.length, 2])
    expect(openWithIdentity(sealed, [stranger]).reveal()).toEqual(plaintext)
    expect(toHex(sealToRecipients(new Secret(plaintext.slice()), to))).not.toBe(toHex(sealed))
    expect(openWithIdentity(sealToRecipients(new Secret(new Uint8Array(0)), to), [stranger]).size).toBe(0)
    expect(failure(() => sealToRecipients(new Secret(plaintext.slice()), [])).kind).toBe('usage')
  })

  test('for nobody at hand', () => {
    expect(failure(() => openWithIdentity(blob, [stranger])).message).toContain('no stanza could be opened')
    expect(failure(() => openWithIdentity(blob, [])).kind).toBe('failed')
  })

  test('cut at every byte, and with every byte changed: told as damage, never opened', () => {
    const sealed = sealToRecipients(new Secret(plaintext.slice()), [stranger.recipient])
    for (let at = 0; at < sealed.length; at++) {
      const cut = failure(() => openWithIdentity(sealed.subarray(0, at), [stranger]))
      expect([at, cut.kind]).toEqual([at, at < 145 ? 'failed' : 'corrupt'])
      for (const bit of [1, 0x80]) {
        const changed = sealed.slice()
        changed[at]! ^= bit
        const { kind } = failure(() => openWithIdentity(changed, [stranger]))
        expect([at, kind]).toEqual([at, at < 117 ? 'failed' : 'corrupt'])
      }
    }
    expect(failure(() => openWithIdentity(concat(sealed, Uint8Array.of(0)), [stranger])).kind).toBe('corrupt')
  })

  test('no stanzas, empty stanzas, stanzas of foreign versions before the right one', () => {
    const sealed = sealToRecipients(new Secret(plaintext.slice()), [stranger.recipient])
    const [head, rest] = [sealed.subarray(0, 20), sealed.subarray(22)]
    const counted = (count: number, ...parts: Uint8Array[]): Uint8Array =>
      concat(head, Uint8Array.of(0, count), ...parts, rest)
    expect(failure(() => openWithIdentity(counted(0), [stranger])).kind).toBe('failed')
    expect(failure(() => openWithIdentity(counted(2, Uint8Array.of(0, 0)), [stranger])).message).toContain('malformed')
    const foreign = concat(Uint8Array.of(0, 3), Uint8Array.of(9, 9, 9))
    expect(openWithIdentity(counted(2, foreign), [stranger]).reveal()).toEqual(plaintext)
    expect(failure(() => openWithIdentity(counted(200), [stranger])).message).toContain('malformed')
  })

  test('65,535 stanzas that are all for somebody else end', () => {
    const one = concat(Uint8Array.of(0, 61, 1), new Uint8Array(60))
    const many = concat(
      bytes(vectors.version2.blob).subarray(0, 20),
      Uint8Array.of(255, 255),
      ...Array(65_535).fill(one),
      randomBytes(60),
    )
    expect(failure(() => openWithIdentity(many, [stranger])).kind).toBe('failed')
  })
})

describe('version 1', () => {
  const { passphrase, salt, kek, blob, plaintext } = vectors.version1
  const key = (): Secret => new Secret(hkdf(bytes(kek), fileSalt(bytes(blob)), utf8(LABELS['file-key']), 32))

  test('of the peer: passphrase, key, file key, content', () => {
    expect(toHex(derive(utf8(passphrase), bytes(salt), DEFAULT_KDF))).toBe(kek)
    expect(sealedVersion(bytes(blob))).toBe(1)
    expect(toHex(openWithFileKey(bytes(blob), key()).reveal())).toBe(plaintext)
  })

  test('there and back, and every byte counts', () => {
    const content = utf8('A=1\n# comment\n')
    const fileKey = new Secret(randomBytes(32))
    const sealed = sealWithFileKey(new Secret(content.slice()), newSalt(), fileKey)
    expect(sealed.length).toBe(64 + content.length)
    expect(openWithFileKey(sealed, fileKey).reveal()).toEqual(content)
    expect(failure(() => openWithFileKey(sealed, new Secret(randomBytes(32)))).kind).toBe('corrupt')
    for (let at = 0; at < sealed.length; at++) {
      expect(failure(() => openWithFileKey(sealed.subarray(0, at), fileKey)).kind).toBe(at < 64 ? 'failed' : 'corrupt')
      const changed = sealed.slice()
      changed[at]! ^= 0x20
      const aside = at >= 20 && at < 36
      if (aside) expect(toHex(fileSalt(changed))).not.toBe(toHex(fileSalt(sealed)))
      else expect(failure(() => openWithFileKey(changed, fileKey)).kind).toBe(at < 20 ? 'failed' : 'corrupt')
    }
    expect(() => sealWithFileKey(new Secret(content), new Uint8Array(15), fileKey)).toThrow(RangeError)
  })

  test('neither version takes the other, nor anything else', () => {
    expect(failure(() => openWithIdentity(bytes(blob), [stranger])).message).toContain('version 1')
    expect(failure(() => openWithFileKey(bytes(vectors.version2.blob), key())).message).toContain('version 2')
    for (const junk of [
      '',
      'A=1\n',
      'tvault-encrypted',
      'tvault-encrypted\u0003\0\0\0',
      'tvault-encrypte\u0001\0\0\0\0',
    ]) {
      expect(sealedVersion(utf8(junk))).toBeUndefined()
      expect(failure(() => stanzaCount(utf8(junk))).message).toContain('not a file that tvault sealed')
    }
  })
})

describe('the text inside', () => {
  test('is that of the peer, but for blanks of Unicode at the ends of a value', () => {
    const theirs = openWithIdentity(bytes(vectors.marshal.blob), [identity('a')])
    const entries = Object.entries(vectors.marshal.values).map(([key, value]) => ({
      key,
      value: Secret.fromText(value),
    }))
    expect(shown(printMarshal(entries))).toBe(shown(theirs).replace('NB=\u00a0x', 'NB="\u00a0x"'))
  })

  test('is read back exactly, whatever the values', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(anyKey, anyValue), { selector: ([key]) => key, maxLength: 5 }), (pairs) => {
        const { entries, notes } = parseDotenv(printMarshal(printables(Object.fromEntries(pairs))).reveal())
        expect(notes).toEqual([])
        const sorted = pairs.toSorted(([a], [b]) => (a < b ? -1 : 1))
        expect(entries.map(({ key, value }) => [key, toHex(value.reveal())])).toEqual(
          sorted.map(([key, value]) => [key, toHex(value)]),
        )
      }),
      { numRuns: 500 },
    )
  })

  test('binary is told from text', () => {
    expect(isBinary(Secret.fromText('A="ü"\r\n\tB=1\n'))).toBeFalse()
    for (const binary of [[0], [0xff], [0x1b, 0x5b, 0x33], [0x7f]]) {
      expect(isBinary(new Secret(Uint8Array.from(binary)))).toBeTrue()
    }
  })
})

describe('.tvault-recipients', () => {
  const [a, b] = [vectors.identities.a.recipient, vectors.identities.b.recipient]

  test('comments, blanks, repetitions, line ends of Windows', () => {
    const file = utf8(`# team\n\n  ${a}\t\r\n \u00a0\n#${b}\n${b}\r\n${a.slice(0, 7)}${a.slice(7).toUpperCase()}`)
    expect(parseRecipients(file).map(({ text }) => text)).toEqual([a, b])
    expect(parseRecipients(new Uint8Array(0))).toEqual([])
  })

  test('a bad line is named by its number and not shown', () => {
    const secret = vectors.identities.a.private
    for (const bad of [`${a} # me`, `${a} ${b}`, a.slice(0, -1), secret, '\0', 'x'.repeat(100_000)]) {
      const { kind, message } = failure(() => parseRecipients(utf8(`# one\n${a}\n${bad}\n${b}\n`)))
      expect(kind).toBe('failed')
      expect(message).toStartWith('.tvault-recipients line 3: ')
      expect(message).not.toContain(secret.slice(12, 24))
    }
    expect(failure(() => parseRecipients(concat(utf8(`${a}\n`), Uint8Array.of(0xff, 0xfe)))).message).toContain(
      'line 2',
    )
  })

  test('printed, and added to without touching the rest', () => {
    const [first, second] = [parseRecipient(a), parseRecipient(b)]
    const file = printRecipients([first])
    expect(parseRecipients(file)).toEqual([first])
    const both = addRecipient(file, second)
    expect(parseRecipients(both)).toEqual([first, second])
    expect(addRecipient(both, first)).toBe(both)
    expect(new TextDecoder().decode(addRecipient(utf8(`# c\n${a}`), second))).toBe(`# c\n${a}\n${b}\n`)
  })

  test('of a command line', () => {
    expect(readRecipients([a, ` ${b}`, a]).map(({ text }) => text)).toEqual([a, b])
    expect(failure(() => readRecipients([a, 'x'])).kind).toBe('usage')
    expect(fingerprintOf(parseRecipient(a))).toMatch(/^([0-9a-f]{4}-){3}[0-9a-f]{4}$/)
  })
})

describe('the file of an identity', () => {
  test('is that of the peer, byte for byte', () => {
    for (const name of ['a', 'b'] as const) {
      const { file, recipient } = vectors.identities[name]
      const read = parseIdentityFile(bytes(file))
      expect(read.recipient.text).toBe(recipient)
      expect(toHex(printIdentityFile(name, read).reveal())).toBe(file)
      expect(shown(printPrivate(read))).toBe(`${vectors.identities[name].private}\n`)
    }
  })

  test('the first line that counts is the key', () => {
    const key = vectors.identities.a.private
    for (const good of [key, `\n\u00a0\n# x\n\t${key} \r\njunk\n`, `${key}\n${vectors.identities.b.private}`]) {
      expect(parseIdentityFile(utf8(good)).recipient.text).toBe(vectors.identities.a.recipient)
    }
    for (const bad of [
      '',
      '# only\n',
      `junk\n${key}`,
      `x${key}`,
      `\ufeff${key}`,
      `${key.slice(0, 30)}\n${key.slice(30)}`,
    ]) {
      const { kind, message } = failure(() => parseIdentityFile(utf8(bad)))
      expect([kind, message.includes(key.slice(12, 24))]).toEqual(['failed', false])
    }
    expect(parsePrivate(utf8(`\u00a0${key}\u2028`)).recipient.text).toBe(vectors.identities.a.recipient)
  })
})
