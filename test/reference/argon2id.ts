// Argon2id (RFC 9106) as its text says it, version 0x13, with BigInt for words of 64 bits. Slow on purpose: a second
// opinion that can be read beside the RFC. Use it with little memory.
import { blake2b, rotateRight } from './blake2b.ts'
import type { Argon2Inputs, Argon2Work } from '../../src/crypto/core-argon2.ts'

const NOTHING = new Uint8Array(0)
const VERSION = 0x13
const TYPE_ID = 2
const MASK = 0xffffffffn

/** A block: 128 words. */
type Block = BigUint64Array

function le32(...values: readonly number[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(4 * values.length))
  values.forEach((value, i) => bytes.setUint32(4 * i, value, true))
  return new Uint8Array(bytes.buffer)
}

/** Section 3.3. */
function hashLong(message: Uint8Array, size: number): Uint8Array {
  const first = Buffer.concat([le32(size), message])
  if (size <= 64) return blake2b(first, size)
  const rounds = Math.ceil(size / 32) - 2
  const result: Uint8Array[] = []
  let v = blake2b(first)
  for (let i = 1; i <= rounds; i++) {
    result.push(v.subarray(0, 32))
    v = blake2b(v, i < rounds ? 64 : size - 32 * rounds)
  }
  return Buffer.concat([...result, v])
}

/** GB of section 3.6. */
function mix(v: Block, a: number, b: number, c: number, d: number): void {
  const multiplyAdd = (x: bigint, y: bigint): bigint => x + y + 2n * (x & MASK) * (y & MASK)
  v[a] = multiplyAdd(v[a]!, v[b]!)
  v[d] = rotateRight(v[d]! ^ v[a]!, 32n)
  v[c] = multiplyAdd(v[c]!, v[d]!)
  v[b] = rotateRight(v[b]! ^ v[c]!, 24n)
  v[a] = multiplyAdd(v[a]!, v[b]!)
  v[d] = rotateRight(v[d]! ^ v[a]!, 16n)
  v[c] = multiplyAdd(v[c]!, v[d]!)
  v[b] = rotateRight(v[b]! ^ v[c]!, 63n)
}

/** P of section 3.6 on the sixteen words of `v` at the places `at`. */
function permute(v: Block, at: readonly number[]): void {
  const quads = [
    [0, 4, 8, 12],
    [1, 5, 9, 13],
    [2, 6, 10, 14],
    [3, 7, 11, 15],
    [0, 5, 10, 15],
    [1, 6, 11, 12],
    [2, 7, 8, 13],
    [3, 4, 9, 14],
  ] as const
  for (const [a, b, c, d] of quads) mix(v, at[a]!, at[b]!, at[c]!, at[d]!)
}

const SIXTEEN = Array.from({ length: 16 }, (_, i) => i)

/** G of section 3.5. */
function compress(x: Block, y: Block): Block {
  const r = x.map((value, i) => value ^ y[i]!)
  const z = r.slice()
  for (let row = 0; row < 8; row++) {
    permute(
      z,
      SIXTEEN.map((i) => 16 * row + i),
    )
  }
  for (let column = 0; column < 8; column++) {
    permute(
      z,
      SIXTEEN.map((i) => 16 * (i >> 1) + 2 * column + (i & 1)),
    )
  }
  return z.map((value, i) => value ^ r[i]!)
}

/** `length` bytes of Argon2id (section 3.2). */
export function argon2id(inputs: Argon2Inputs, { memoryKib, passes, lanes }: Argon2Work, length: number): Uint8Array {
  const { password, salt, secret = NOTHING, associated = NOTHING } = inputs
  const h0 = blake2b(
    Buffer.concat([
      le32(lanes, length, memoryKib, passes, VERSION, TYPE_ID),
      ...[password, salt, secret, associated].flatMap((input) => [le32(input.length), input]),
    ]),
  )
  const segment = Math.floor(memoryKib / (4 * lanes))
  const columns = 4 * segment
  const start = (lane: number, column: number): Block => {
    const bytes = hashLong(Buffer.concat([h0, le32(column, lane)]), 1024)
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    return BigUint64Array.from({ length: 128 }, (_, i) => view.getBigUint64(8 * i, true))
  }
  const b = Array.from({ length: lanes }, (_, lane) => [start(lane, 0), start(lane, 1)])

  /** Section 3.4.1.2: the pairs J1, J2 of a segment that depend on no input. */
  const addresses = (pass: number, lane: number, slice: number): bigint[] => {
    const zero = new BigUint64Array(128)
    const pairs: bigint[] = []
    for (let counter = 1; pairs.length < segment; counter++) {
      const z = new BigUint64Array(128)
      z.set([pass, lane, slice, 4 * segment * lanes, passes, TYPE_ID, counter].map(BigInt))
      pairs.push(...compress(zero, compress(zero, z)))
    }
    return pairs
  }

  for (let pass = 0; pass < passes; pass++) {
    for (let slice = 0; slice < 4; slice++) {
      for (let lane = 0; lane < lanes; lane++) {
        const independent = pass === 0 && slice < 2 ? addresses(pass, lane, slice) : undefined
        for (let index = pass === 0 && slice === 0 ? 2 : 0; index < segment; index++) {
          const column = slice * segment + index
          const previous = b[lane]![(column + columns - 1) % columns]!
          const j = independent?.[index] ?? previous[0]!
          const [j1, j2] = [j & MASK, Number(j >> 32n)]
          // Section 3.4.2: W is the list of blocks that may be referred to, oldest first.
          const l = pass === 0 && slice === 0 ? lane : j2 % lanes
          const w: number[] = []
          const finished = pass === 0 ? slice : 3
          for (let back = finished; back > 0; back--) {
            for (let i = 0; i < segment; i++) w.push((((slice - back + 4) % 4) * segment + i) % columns)
          }
          if (l === lane) for (let i = 0; i < index; i++) w.push(slice * segment + i)
          if (l === lane || index === 0) w.pop()
          const size = BigInt(w.length)
          const zz = size - 1n - ((size * ((j1 * j1) >> 32n)) >> 32n)
          const fresh = compress(previous, b[l]![w[Number(zz)]!]!)
          const old = b[lane]![column]
          b[lane]![column] = pass === 0 ? fresh : fresh.map((value, i) => value ^ old![i]!)
        }
      }
    }
  }

  const c = new DataView(new ArrayBuffer(1024))
  for (let i = 0; i < 128; i++) {
    const last = b.reduce((sum, lane) => sum ^ lane[columns - 1]![i]!, 0n)
    c.setBigUint64(8 * i, last, true)
  }
  return hashLong(new Uint8Array(c.buffer), length)
}
