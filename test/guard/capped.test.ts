// The beginning and the end of a stream, however it comes in pieces.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { Capped } from '../../src/guard/capped.ts'

test('law: head and tail are those of the whole, and the numbers are true', () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 12 }), { maxLength: 12 })
  fc.assert(
    fc.property(pieces, fc.nat({ max: 20 }), fc.nat({ max: 20 }), (chunks, headBytes, tailBytes) => {
      const whole = Buffer.concat(chunks)
      const capped = new Capped(headBytes, tailBytes)
      for (const chunk of chunks) capped.take(chunk)
      const { head, tail, total, dropped } = capped.end()
      const behind = whole.subarray(headBytes)
      expect(Buffer.from(head)).toEqual(whole.subarray(0, headBytes))
      expect(Buffer.from(tail)).toEqual(tailBytes === 0 ? Buffer.alloc(0) : Buffer.from(behind.subarray(-tailBytes)))
      expect([total, dropped]).toEqual([whole.length, whole.length - head.length - tail.length])
    }),
    { numRuns: 500 },
  )
})

test('it copies: what came in may be used again', () => {
  const capped = new Capped(2, 2)
  const chunk = Buffer.from('abcdef')
  capped.take(chunk)
  chunk.fill(0)
  expect(Buffer.from(capped.end().tail).toString()).toBe('ef')
})
