// Frames come back as they went in, however the bytes are cut, and what is no message or too big is refused before
// anything is allocated for it.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { concat, u32, utf8 } from '../../../src/lib/bytes.ts'
import { Decoder, KNOWN, ProtocolFault, STRANGER, encode } from '../../../src/modes/agent/frames.ts'
import { MAGIC } from '../../../src/modes/agent/wire.ts'
import type { Limits, Message } from '../../../src/modes/agent/frames.ts'

function bytesOf(message: Message): Uint8Array {
  const pieces: Uint8Array[] = []
  encode(message, (bytes) => pieces.push(new Uint8Array(bytes)))
  return concat(...pieces)
}

function decode(chunks: readonly Uint8Array[], limits: Limits = KNOWN): Message[] {
  const decoder = new Decoder(limits)
  const found: Message[] = []
  for (const chunk of chunks) decoder.push(chunk, (message) => found.push(message))
  return found
}

const frame = (kind: number, payload: Uint8Array): Uint8Array =>
  concat(u32(payload.length + 1), Uint8Array.of(kind), payload)
const head = (json: string): Uint8Array => frame(1, utf8(json))

const messages = fc.array(
  fc.record({
    head: fc.dictionary(fc.stringMatching(/^[a-z_]{1,9}$/), fc.jsonValue(), { maxKeys: 4 }).map((one) => {
      delete one['parts']
      return one as Record<string, unknown>
    }),
    parts: fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }),
  }),
  { maxLength: 4 },
)

describe('a message comes back', () => {
  test('however its bytes are cut', () => {
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sent, sizes) => {
        const whole = concat(...sent.map(bytesOf))
        const chunks: Uint8Array[] = []
        for (let at = 0, turn = 0; at < whole.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1
          chunks.push(whole.slice(at, at + size))
          at += size
        }
        // JSON has no -0, so what was sent is compared as JSON.
        const expected = sent.map(({ head: one, parts }) => ({ head: JSON.parse(JSON.stringify(one)), parts }))
        const found = decode(chunks).map(({ head: one, parts }) => ({ head: one, parts: [...parts] }))
        expect(JSON.stringify(found)).toBe(JSON.stringify(expected))
      }),
      { numRuns: 60 },
    )
  })

  test('with parts of several frames, and of none', () => {
    const big = new Uint8Array(2_500_000).map((_, index) => index % 251)
    const [message] = decode([bytesOf({ head: { id: 1 }, parts: [new Uint8Array(0), big, new Uint8Array(0)] })])
    expect(message?.parts.map(({ length }) => length)).toEqual([0, 2_500_000, 0])
    expect(Buffer.compare(message?.parts[1] ?? new Uint8Array(), big)).toBe(0)
  })

  test('whose bytes are not kept: neither the chunk it came in nor the buffer it was sent from', () => {
    const scratch: Uint8Array[] = []
    encode({ head: {}, parts: [utf8('value')] }, (bytes) => scratch.push(bytes))
    expect(scratch.every((bytes) => bytes.every((byte) => byte === 0))).toBeTrue()
    const decoder = new Decoder(KNOWN)
    const found: Message[] = []
    // A Buffer, as sockets give it: its `slice` is a view.
    for (const byte of bytesOf({ head: { a: 'name' }, parts: [utf8('value')] })) {
      const chunk = Buffer.of(byte)
      decoder.push(chunk, (message) => found.push(message))
      chunk.fill(0)
    }
    expect(found).toEqual([{ head: { a: 'name' }, parts: [utf8('value')] }])
  })

  test('a head of many thousand single bytes', () => {
    const whole = bytesOf({ head: { names: 'n'.repeat(200_000) }, parts: [] })
    const decoder = new Decoder(KNOWN)
    let found = 0
    for (let at = 0; at < whole.length; at++) decoder.push(whole.subarray(at, at + 1), () => (found += 1))
    expect(found).toBe(1)
  })

  test('a head of megabytes in small chunks costs time in proportion', () => {
    const whole = bytesOf({ head: { names: 'n'.repeat(16 << 20) }, parts: [] })
    const decoder = new Decoder(KNOWN)
    let found = 0
    const begin = performance.now()
    for (let at = 0; at < whole.length; at += 1024) decoder.push(whole.subarray(at, at + 1024), () => (found += 1))
    expect(found).toBe(1)
    // Copying all that is there for each of the 16,384 chunks would move 128 GiB.
    expect(performance.now() - begin).toBeLessThan(8000)
  })
})

describe('a connection is of no use after', () => {
  const cases: [string, Uint8Array, Limits?][] = [
    ['a frame of nothing', concat(u32(0), Uint8Array.of(1))],
    ['a frame without payload', concat(u32(1), Uint8Array.of(1))],
    ['another kind of frame', frame(3, utf8('x'))],
    ['a part before a head', frame(2, utf8('x'))],
    ['a head that is no JSON', head('{')],
    ['a head that is no UTF-8', frame(1, Uint8Array.of(0x22, 0xff, 0x22))],
    ['a head that is a list', head('[]')],
    ['a head that is null', head('null')],
    ['a head without parts', head('{}')],
    ['parts that are no list', head('{"parts":3}')],
    ['a negative size', head('{"parts":[-1]}')],
    ['half a byte', head('{"parts":[0.5]}')],
    ['a size beyond all numbers', head('{"parts":[1e400]}')],
    ['a size that is text', head('{"parts":["1"]}')],
    ['sizes that add up to too much', head(`{"parts":[${1 << 28},${1 << 28},1]}`)],
    ['too many parts', head(`{"parts":[${'0,'.repeat((1 << 20) + 1)}0]}`)],
    ['a second head', concat(head('{"parts":[1]}'), head('{"parts":[]}'))],
    ['a part that is longer than announced', concat(head('{"parts":[1]}'), frame(2, utf8('xx')))],
    ['a part that begins in the next one', concat(head('{"parts":[1,1]}'), frame(2, utf8('xx')))],
    ['nesting that would use up the stack', head(`{"parts":[],"a":${'['.repeat(500_000)}`)],
    ['a stranger with a long head', concat(u32(STRANGER.headBytes + 2), Uint8Array.of(1)), STRANGER],
    ['a stranger with a long part', head(`{"parts":[${STRANGER.partBytes + 1}]}`), STRANGER],
    ['a head beyond all limits', concat(u32(KNOWN.headBytes + 2), Uint8Array.of(1))],
    ['the largest frame there is', concat(u32(0xffffffff), Uint8Array.of(1))],
    ['words of v1', utf8('{"v":1,"op":"status"}\n')],
  ]
  test.each(cases)('%s', (_, bytes, limits = KNOWN) => {
    expect(() => decode([bytes], limits)).toThrow(ProtocolFault)
    expect(() =>
      decode(
        [...bytes.subarray(0, 64)].map((byte) => Uint8Array.of(byte)),
        limits,
      ),
    ).not.toThrow(RangeError)
  })

  test('random bytes: a fault or silence, never another error and never much memory', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.boolean(), (bytes, known) => {
        const decoder = new Decoder(known ? KNOWN : STRANGER)
        try {
          decoder.push(bytes, () => undefined)
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolFault)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('one changed byte: a fault, silence, or another message', () => {
    const right = bytesOf({ head: { id: 1, op: 'call' }, parts: [utf8('value'), utf8('other')] })
    for (let at = 0; at < right.length; at++) {
      for (const flip of [1, 0x80, 0xff]) {
        const changed = right.slice()
        changed[at]! ^= flip
        try {
          decode([changed])
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolFault)
        }
      }
    }
  })
})

describe('limits', () => {
  test('what a message changes holds for the next one in the same chunk', () => {
    const decoder = new Decoder(STRANGER)
    const long = bytesOf({ head: { op: 'call', names: 'n'.repeat(100_000) }, parts: [] })
    const both = concat(bytesOf({ head: { op: 'hello' }, parts: [] }), long)
    const seen: unknown[] = []
    decoder.push(both, ({ head: one }) => {
      seen.push(one['op'])
      decoder.limits = KNOWN
    })
    expect(seen).toEqual(['hello', 'call'])
    expect(() => decode([both], STRANGER)).toThrow(ProtocolFault)
  })

  test('an announced part costs memory when it comes, not before', () => {
    const before = process.memoryUsage().rss
    const decoders = Array.from({ length: 20 }, () => new Decoder(KNOWN))
    for (const decoder of decoders) decoder.push(head(`{"parts":[${KNOWN.partBytes}]}`), () => undefined)
    expect(process.memoryUsage().rss - before).toBeLessThan(100e6)
  })

  test('after wipe nothing is taken, and nothing is left', () => {
    const decoder = new Decoder(KNOWN)
    const whole = bytesOf({ head: {}, parts: [utf8('value')] })
    decoder.push(whole.subarray(0, whole.length - 2), () => undefined)
    expect(decoder.midway).toBeTrue()
    decoder.wipe()
    let found = 0
    decoder.push(whole.subarray(whole.length - 2), () => (found += 1))
    decoder.push(whole, () => (found += 1))
    expect(found).toBe(0)
  })

  test('midway means that a message has begun and not ended', () => {
    const decoder = new Decoder(KNOWN)
    const whole = bytesOf({ head: {}, parts: [utf8('value')] })
    const states = [...whole].map((byte) => {
      decoder.push(Uint8Array.of(byte), () => undefined)
      return decoder.midway
    })
    expect(states.slice(0, -1).every(Boolean)).toBeTrue()
    expect(states.at(-1)).toBeFalse()
  })
})

test('the first bytes cannot begin a request of v1, and end a line for who reads lines', () => {
  expect(MAGIC[0]).toBe(0)
  expect(MAGIC.at(-1)).toBe(10)
})
