// Every tool for AI agents that is written down anywhere in the sources is in the canary matrix, with samples for each of its
// arguments: a new tool, or a new argument, is tried with everything before it ships.
import { expect, test } from 'bun:test'
import { NOT_FOR_AGENTS } from '../../src/modes/mcp/not-for-agents.ts'
import { TOOLS } from '../../src/modes/mcp/tools.ts'
import { everyCall, someCalls } from '../interop/mcp-matrix.ts'
import { readHouse } from './house.ts'

const sources = [...readHouse()].filter(([path]) => path.startsWith('src/modes/mcp/'))
const written = sources.flatMap(([, text]) => [...text.matchAll(/\bname: '(vault_\w+)'/g)].map(([, name = '']) => name))

test('every tool is in the matrix, and in the quick part of it too', () => {
  expect(written.length).toBeGreaterThan(40)
  expect(TOOLS.map(({ name }) => name).toSorted()).toEqual(written.toSorted())
  const names = [...written, ...NOT_FOR_AGENTS.keys()].toSorted()
  // Throws for an argument without samples.
  for (const calls of [everyCall(), someCalls(1000, 0)]) {
    expect(calls.map(({ name }) => name).toSorted()).toEqual(names)
    expect(calls.filter((one) => one.calls.length === 0)).toEqual([])
  }
})

test('each argument of each tool is varied', () => {
  for (const { name, takes } of TOOLS) {
    const { calls } = everyCall().find((one) => one.name === name)!
    const given = new Set(calls.flatMap((call) => Object.keys(call)))
    expect([name, Object.keys(takes).filter((argument) => !given.has(argument))]).toEqual([name, []])
  }
})
