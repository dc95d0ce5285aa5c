// Numbers in bytes are written and read by hand, because a DataView is slow on small arrays; here they meet one.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { text, u32, u64, utf8 } from '../../src/lib/bytes.ts'
import { view } from '../../src/vault/schema.ts'

const dataView = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

test('written and read as a DataView does it', () => {
  fc.assert(
    fc.property(fc.nat(0xffffffff), fc.bigInt(0n, 0xffffffffffffffffn), (small, large) => {
      expect(dataView(u32(small)).getUint32(0)).toBe(small)
      expect(dataView(u64(large)).getBigUint64(0)).toBe(large)
    }),
  )
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 20 }), (bytes) => {
      const [ours, theirs] = [view(bytes), dataView(bytes)]
      for (let at = 0; at + 8 <= bytes.length; at++) {
        expect(ours.getUint16(at)).toBe(theirs.getUint16(at))
        expect(ours.getUint32(at)).toBe(theirs.getUint32(at))
        expect(ours.getBigUint64(at)).toBe(theirs.getBigUint64(at))
      }
    }),
  )
})

test('what does not fit is a RangeError', () => {
  for (const value of [-1, 0.5, 2 ** 32, Number.NaN]) expect(() => u32(value)).toThrow(RangeError)
  for (const value of [-1n, 2n ** 64n]) expect(() => u64(value)).toThrow(RangeError)
  expect([u32(0xffffffff).toHex(), u64(0xffffffffffffffffn).toHex()]).toEqual(['ffffffff', 'ffffffffffffffff'])
  expect(() => view(new Uint8Array(7)).getBigUint64(0)).toThrow(RangeError)
  expect(() => view(new Uint8Array(8)).getUint16(7)).toThrow(RangeError)
})

test('text that is not UTF-8 is none, and leaves nothing behind for the next', () => {
  for (const bytes of [[0xc3], [0xff], [0xe2, 0x82], [0xed, 0xa0, 0x80]]) {
    expect(text(Uint8Array.from(bytes))).toBeUndefined()
    expect(text(utf8('é'))).toBe('é')
  }
  expect(text(utf8('\ufeffA'))).toBe('\ufeffA')
})
