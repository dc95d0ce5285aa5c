// The pkt-line codec: what is written is read back in whatever pieces it arrives, and a broken stream is an error.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { concat, latin1, utf8 } from '../../src/lib/bytes.ts'
import { Failure } from '../../src/lib/errors.ts'
import { MAX_PACKET, PacketReader, contentPackets, flushPacket, textPacket } from '../../src/git/pkt-line.ts'
import type { Read } from '../../src/git/pkt-line.ts'

/** A stream that gives at most `piece` bytes at a time. */
function stream(bytes: Uint8Array, piece = 7): Read {
  let from = 0
  return (into, at, length) => {
    const count = Math.min(piece, length, bytes.length - from)
    into.set(bytes.subarray(from, from + count), at)
    from += count
    return count
  }
}

function fault(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof Failure) return error.message
    throw error
  }
  return 'none'
}

describe('content', () => {
  test('comes back, whatever its size and the pieces it arrives in', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom(1, 3, 70_000),
        fc.integer({ min: 0, max: 3 }),
        (small, piece, times) => {
          const content = concat(...Array.from({ length: times }, () => new Uint8Array(MAX_PACKET - 100)), small)
          const reader = new PacketReader(stream(concat(contentPackets(content), textPacket('next')), piece * 997))
          expect(reader.content(content.length)?.reveal()).toEqual(content)
          expect(latin1(reader.next() as Uint8Array)).toBe('next\n')
          expect(reader.next()).toBe('end')
        },
      ),
      { numRuns: 60 },
    )
  })

  test('of no bytes is one flush', () => {
    expect(latin1(contentPackets(new Uint8Array(0)))).toBe('0000')
    expect(new PacketReader(stream(flushPacket())).content(0)?.size).toBe(0)
  })

  test('no packet is longer than git takes', () => {
    const packets = latin1(contentPackets(new Uint8Array(MAX_PACKET + 1)))
    expect(packets.slice(0, 4)).toBe('fff0')
    expect(packets.slice(65_520, 65_524)).toBe('0005')
  })

  test('beyond the limit is dropped, and the next request is found', () => {
    const reader = new PacketReader(stream(concat(contentPackets(new Uint8Array(200_000)), textPacket('x')), 65_536))
    expect(reader.content(100_000)).toBeUndefined()
    expect(latin1(reader.next() as Uint8Array)).toBe('x\n')
  })
})

describe('lists', () => {
  test('pairs split at the first equals sign; values are bytes', () => {
    const path = concat(utf8('pathname=a=b '), Uint8Array.of(0xff, 0x0a, 0x0a))
    const length = utf8((path.length + 4).toString(16).padStart(4, '0'))
    const pairs = new PacketReader(stream(concat(textPacket('command=clean'), length, path, flushPacket()))).pairs()
    expect(latin1(pairs!.get('command')!)).toBe('clean')
    // One line end at the end of a packet is not part of it; a path that ends with one is sent with two.
    expect(pairs!.get('pathname')).toEqual(concat(utf8('a=b '), Uint8Array.of(0xff, 0x0a)))
  })

  test('the end of the stream between requests is an end, inside of one an error', () => {
    expect(new PacketReader(stream(new Uint8Array(0))).pairs()).toBeUndefined()
    expect(fault(() => new PacketReader(stream(textPacket('a=b'))).pairs())).toContain('ends before a flush')
  })
})

test.each([
  ['a length that is no number', 'zzzz'],
  ['a length below its own size', '0003'],
  ['a delimiter of another protocol', '0001'],
  ['a length beyond the largest', 'fff1'],
  ['a packet that is cut', '000aab'],
  ['a length that is cut', '00'],
  ['a length with a sign', '-001'],
  ['a length with blanks', ' 0 8aaaa'],
])('%s is refused', (_, text) => {
  expect(fault(() => new PacketReader(stream(utf8(text))).next())).toContain('do not understand each other')
})

test('random bytes end in packets, an end, or a failure', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (bytes, digits) => {
      const text = digits ? bytes.map((byte) => '0123456789abcdef'.charCodeAt(byte % 16)) : bytes
      const reader = new PacketReader(stream(text))
      for (let count = 0; ; count++) {
        expect(count).toBeLessThan(100)
        const ended = fault(() => {
          if (reader.next() === 'end') throw new Failure('failed', 'end')
        })
        if (ended !== 'none') return
      }
    }),
    { numRuns: 2000 },
  )
})
