// Every way of writing a value, with a border between two pieces at every byte: at least 100,000 probes, and no miss.
// Then mixtures of values against the slow reader. SEED repeats a run.
import { expect, test } from 'bun:test'
import { differences, fault, KINDS, randomFrom, redactorOf, writings } from '../guard/probes.ts'
import { SEED } from './room.ts'

const PROBES = 100_000
const MIXTURES = 60

test(`at least ${PROBES} probes (seed ${SEED})`, () => {
  const below = randomFrom(SEED)
  const faults: string[] = []
  let probes = 0
  while (probes < PROBES) {
    for (const make of Object.values(KINDS)) {
      const value = make(below)
      const redactor = redactorOf([{ name: 'KEY', value }])
      for (const written of writings(value)) {
        for (let at = 0; at <= written.bytes.length + 8; at++, probes++) {
          const found = fault(redactor, 'KEY', written, at)
          if (found !== undefined) faults.push(found)
        }
      }
    }
  }
  console.log(`${probes} probes, ${faults.length} misses`)
  expect(faults).toEqual([])
})

test(`${MIXTURES} sets of values, mixed, cut and torn apart, as the slow reader sees them (seed ${SEED})`, () => {
  const faults: string[] = []
  for (let i = 0; i < MIXTURES; i++) faults.push(...differences(SEED + i, 40))
  expect(faults).toEqual([])
})
