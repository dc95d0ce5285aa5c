// Blobs that say to whom they are sealed, and opening many of them.
import { expect, test } from 'bun:test'
import { boundStanza } from '../../src/crypto/bound-stanza.ts'
import { STANZA_SIZE, unwrapKey } from '../../src/crypto/recipient.ts'
import type { Identity } from '../../src/crypto/recipient.ts'
import { openWithIdentity, sealToRecipients } from '../../src/formats/sealed.ts'
import { OpenedBlob, Opener, sealBlob, sealedForm } from '../../src/git/seal.ts'
import { concat, utf8 } from '../../src/lib/bytes.ts'
import { Secret } from '../../src/lib/secret.ts'
import { identities } from './scratch.ts'

const [alice, bob, carol, dave] = identities(4) as [Identity, Identity, Identity, Identity]
const to = (...people: Identity[]) => people.map(({ recipient }) => recipient)
const TEXT = 'DB=postgres://x\n'

function opened(blob: Uint8Array, by: Identity): OpenedBlob {
  const result = new Opener([by]).open(blob)
  if (!(result instanceof OpenedBlob)) throw new Error(result)
  return result
}

test('a bound stanza opens like any other, is the same every time, and another for every key and recipient', () => {
  const key = crypto.getRandomValues(new Uint8Array(32))
  const stanza = boundStanza(key, alice.recipient)
  expect(stanza).toHaveLength(STANZA_SIZE)
  expect(unwrapKey(stanza, alice)).toEqual(key)
  expect(unwrapKey(stanza, bob)).toBeUndefined()
  expect(boundStanza(key, alice.recipient)).toEqual(stanza)
  expect(boundStanza(key, bob.recipient).subarray(1, 45)).not.toEqual(stanza.subarray(1, 45))
  const other = key.slice()
  other[31]! ^= 1
  expect(boundStanza(other, alice.recipient).subarray(1, 45)).not.toEqual(stanza.subarray(1, 45))
})

test('a holder can tell to whom a blob is sealed', () => {
  const blob = sealBlob(Secret.fromText(TEXT), to(alice, bob))
  for (const reader of [alice, bob]) {
    const open = opened(blob, reader)
    expect(open.sealedTo(to(alice, bob))).toBe('exactly')
    expect(open.sealedTo(to(bob, alice))).toBe('exactly')
    expect(open.sealedTo(to(alice))).toBe('others')
    expect(open.sealedTo(to(alice, bob, carol))).toBe('others')
    // The same number, other people: the fault that counting would not see.
    expect(open.sealedTo(to(alice, carol))).toBe('others')
    expect(open.sealedTo(to(carol, dave))).toBe('others')
  }
})

test('drawn stanzas tell their number and nothing else', () => {
  const open = opened(sealToRecipients(Secret.fromText(TEXT), to(alice, bob)), bob)
  expect(open.sealedTo(to(alice, bob))).toBe('unknown')
  expect(open.sealedTo(to(alice, carol))).toBe('unknown')
  expect(open.sealedTo(to(bob))).toBe('others')
})

test('every seal is another, and every reader of the format opens it', () => {
  const [first, second] = [1, 2].map(() => sealBlob(Secret.fromText(TEXT), to(alice, bob)))
  expect(first).not.toEqual(second)
  expect(openWithIdentity(first!, [bob]).reveal()).toEqual(utf8(TEXT))
})

test('a stranger, a changed body, and what is not whole', () => {
  const blob = sealBlob(Secret.fromText(TEXT), to(alice, bob))
  expect(new Opener([carol]).open(blob)).toBe('not a recipient')
  expect(new Opener([]).open(blob)).toBe('not a recipient')
  const changed = blob.slice()
  changed[blob.length - 1]! ^= 1
  expect(new Opener([carol, bob]).open(changed)).toBe('damaged')
  expect(sealedForm(blob)).toEqual({ version: 2, stanzas: 2 })
  for (const junk of [
    utf8('tvault-encrypted\x02'),
    utf8('tvault-encrypted\x02\0\0\0'),
    utf8('tvault-encrypted\x02\0\0\0\0\0 but this is plaintext, long enough to look like a box'),
    utf8('tvault-encrypted\x01\0\0\0too short for a box'),
    utf8('tvault-encrypted\x03\0\0\0'),
    blob.subarray(0, 22 + 95 * 2 + 27),
    concat(Uint8Array.of(0), blob),
  ])
    expect(sealedForm(junk)).toBeUndefined()
})

test('one opener for blobs with their recipients in any order', () => {
  const opener = new Opener([dave, carol])
  for (const people of [to(alice, bob, carol), to(carol, alice), to(alice, carol), to(dave)]) {
    const open = opener.open(sealBlob(Secret.fromText(TEXT), people))
    expect((open as OpenedBlob).take().reveal()).toEqual(utf8(TEXT))
  }
})
