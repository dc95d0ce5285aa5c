// What every Argon2id must answer, as a suite over any implementation: the published vectors, and the same key as
// node:crypto for parameter sets that are random but the same in every run.
import { describe, expect, test } from 'bun:test'
import vectors from '../vectors/argon2id.json'
import { draw, hex } from './draw.ts'
import { coreKdf, nodeKdf } from './kdfs.ts'
import type { Kdf, KdfCase } from './kdfs.ts'

export const RANDOM_SETS = 200

/** One published vector takes 256 MiB: that is for our core alone. */
const MOST_KIB = 65_536

export const PUBLISHED: readonly { source: string; one: KdfCase; tag: string }[] = vectors.map(
  ({ source, tag, password, salt, secret, associated, memoryKib, passes, lanes }) => ({
    source,
    tag,
    one: {
      inputs: { password: hex(password), salt: hex(salt), secret: hex(secret), associated: hex(associated) },
      work: { memoryKib, passes, lanes },
      length: tag.length / 2,
    },
  }),
)

/** Random sets: every fourth one such that libsodium can do it, every fourth small enough for the twin. */
export function randomCases(seed: number, count: number): KdfCase[] {
  const random = draw(seed)
  return Array.from({ length: count }, (_, i) => {
    const plain = i % 4 === 0
    const small = i % 4 === 1
    const lanes = plain ? 1 : random.number(1, small ? 3 : 9)
    const passes = random.number(1, small ? 2 : 4)
    return {
      inputs: {
        password: random.bytes(random.number(plain ? 1 : 0, 300)),
        salt: random.bytes(plain ? 16 : random.number(8, 140)),
        secret: random.bytes(plain || i % 3 === 0 ? 0 : random.number(1, 40)),
        associated: random.bytes(plain || i % 2 === 0 ? 0 : random.number(1, 150)),
      },
      work: { memoryKib: 8 * lanes + random.number(0, small ? 64 - 8 * lanes : 700), passes, lanes },
      length: random.number(plain ? 16 : 4, 200),
    }
  })
}

/** How many cases each implementation could do: name → published and random. */
export const KDF_COUNTS = new Map<string, { published: number; random: number }>()

export function kdfSuite(kdf: Kdf): void {
  const counts = { published: 0, random: 0 }
  KDF_COUNTS.set(kdf.name, counts)

  describe(`Argon2id contract: ${kdf.name}`, () => {
    test('published vectors', async () => {
      for (const { source, one, tag } of PUBLISHED) {
        if (!kdf.can(one) || (one.work.memoryKib > MOST_KIB && kdf !== coreKdf)) continue
        expect(`${source}: ${Buffer.from(await kdf.derive(one)).toString('hex')}`).toBe(`${source}: ${tag}`)
        counts.published++
      }
    }, 60_000)

    test('random parameter sets', async () => {
      for (const [i, one] of randomCases(9106, RANDOM_SETS).entries()) {
        if (!kdf.can(one)) continue
        const expected = Buffer.from(await nodeKdf.derive(one)).toString('hex')
        expect(`set ${i}: ${Buffer.from(await kdf.derive(one)).toString('hex')}`).toBe(`set ${i}: ${expected}`)
        counts.random++
      }
      expect(counts.random).toBeGreaterThan(RANDOM_SETS / 10)
    }, 60_000)
  })
}
