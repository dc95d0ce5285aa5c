// `get` after `set` gives back exactly the bytes: a thousand random values of every size and kind, each by processes
// of its own.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { Room, SEED, randomFrom, BINARY } from './room.ts'

const VALUES = 1000
const room = new Room()
const below = randomFrom(SEED)

beforeAll(() => room.init())
afterAll(() => room.remove())

/** Mostly short, sometimes up to a quarter of a mebibyte; bytes, text, or what breaks naive tools. */
function draw(): Uint8Array {
  const size = below(8) === 0 ? below(262_144) : below(200)
  switch (below(4)) {
    case 0:
      return new Uint8Array(
        Array.from({ length: size }, () => [0, 10, 13, 0x22, 0x24, 0x5c, 0x60, 0xff][below(8)] ?? 0),
      )
    case 1:
      return new TextEncoder().encode('pä§ß🔑\n"$x`'.repeat(1 + below(20)))
    default: {
      const bytes = new Uint8Array(size)
      for (let at = 0; at < size; at++) bytes[at] = below(256)
      return bytes
    }
  }
}

test(`${VALUES} random values (seed ${SEED})`, async () => {
  for (let round = 0; round < VALUES; round += 2) {
    // Two at a time: one for each core, and each pair writes at once.
    await Promise.all(
      [round, round + 1].map(async (number) => {
        const value = draw()
        const key = `VALUE_${number % 50}`
        const stored = await room.exec([BINARY, 'set', key, '--from-file', '-'], { stdin: value })
        expect([stored.code, stored.err]).toEqual([0, expect.stringContaining(`Secret '${key}' set successfully`)])
        const read = await room.must('get', key)
        expect(Buffer.compare(read.out, value)).toBe(0)
      }),
    )
  }
})
