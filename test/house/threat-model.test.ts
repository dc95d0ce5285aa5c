// Topic threat-model lists every attempt of the attacks on confined programs with its outcome; this compares the list with the
// suites, so that neither can go on without the other.
import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ATTACKS } from '../guard/confined-attacks.ts'
import type { Attack } from '../guard/confined-attack.ts'
import { FOUND, NOT_FOUND } from '../interop/mcp-writings.ts'
import { ROOT } from './house.ts'

const topic = readFileSync(join(ROOT, 'src/topics/threat-model.md'), 'utf8')
const section = topic.split('\n### Every attempt, one by one\n')[1]?.split('\n##')[0] ?? ''
const rows = [...section.matchAll(/^\| (.*) \| (.*) \| (.*) \|$/gm)].slice(2).map(([, ...cells]) => cells)

const BY: Readonly<Record<Attack['by'], string>> = {
  landlock: 'Landlock: ',
  seccomp: 'seccomp: ',
  both: 'Landlock and seccomp: ',
  capabilities: 'capabilities: ',
  nothing: 'nothing: ',
}

function outcome({ by }: Attack): string {
  if (by === 'nothing') return 'done'
  return by === 'capabilities' ? 'confined' : 'refused'
}

test('every attempt is in the list, in its order, with its outcome and what stands in the way', () => {
  const kernel = ATTACKS.map((attack) => [attack.about, outcome(attack), BY[attack.by]])
  const output = [
    ...Object.keys(FOUND).map((how) => [`print the value, ${how}`, 'redacted', '']),
    ...Object.keys(NOT_FOUND).map((how) => [`print the value, ${how}`, 'done', '']),
  ]
  const wanted = [...kernel, ...output]
  expect(wanted.length).toBeGreaterThan(90)
  const listed = rows.map(([about, found, why = ''], i) => {
    const by = wanted[i]?.[2] ?? ''
    return [about, found, why.startsWith(by) && why.length > by.length ? by : why]
  })
  expect(listed).toEqual(wanted)
})
