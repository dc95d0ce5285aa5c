// The owner's policy as text: what is understood, and that whatever is not is told with its line.
import { describe, expect, test } from 'bun:test'
import { POLICY_TEMPLATE, parsePolicy, readPolicy } from '../../src/formats/policy.ts'

const ABOUT = { revision: 1, home: '/home/me' }

function faults(...lines: string[]): string[] {
  return parsePolicy(lines.join('\n'), ABOUT).faults.map(({ line, message }) => `${line}: ${message}`)
}

test('every setting is read', () => {
  const { policy, faults: none } = parsePolicy(
    `
# a comment
[session]
uses = 5
minutes = 10
wait = 30

[allow run tests]
client = claude*, cursor
project = shop, team/**
key = DB_*, api
key = OTHER
effect = run, get, write-file
command = npm test
command = npm "run all" **
directory = ~/src/shop/
host = *.example.com:8443, api.example.com
file = ~/.npmrc
purpose = required
output = exit
network = none
from = 2026-01-01
until = 2027-01-01T09:00:00Z
reads = 3 per hour
runs = 20 per 2 days
[deny x]
[approve y]
`,
    ABOUT,
  )
  expect(none).toEqual([])
  expect(policy.session).toEqual({ uses: 5, seconds: 600, wait: 30 })
  expect(policy.rules[0]).toEqual({
    verdict: 'allow',
    name: 'run tests',
    line: 8,
    clients: ['claude*', 'cursor'],
    projects: ['shop', 'team/**'],
    keys: ['DB_*', 'api', 'OTHER'],
    effects: ['inject', 'reveal', 'write-file'],
    commands: [
      ['npm', 'test'],
      ['npm', 'run all', '**'],
    ],
    directories: ['/home/me/src/shop'],
    hosts: ['*.example.com:8443', 'api.example.com'],
    files: ['/home/me/.npmrc'],
    purpose: true,
    output: 'exit',
    network: 'none',
    from: Date.UTC(2026, 0, 1),
    until: Date.UTC(2027, 0, 1, 9),
    budgets: [
      { kind: 'reads', count: 3, seconds: 3600 },
      { kind: 'runs', count: 20, seconds: 172_800 },
    ],
  })
  expect(policy.rules.map(({ verdict, line }) => [verdict, line])).toEqual([
    ['allow', 8],
    ['deny', 26],
    ['approve', 27],
  ])
})

test('what a new policy begins with is one', () => {
  expect(readPolicy(POLICY_TEMPLATE, ABOUT).rules.map(({ name, effects }) => [name, effects])).toEqual([
    ['names', ['list']],
  ])
})

describe('a fault is told with its line', () => {
  test.each([
    [['[allow a]', 'effect = list', 'kye = X'], /^3: there is no setting kye; did you mean key/],
    [['[allow a]', 'effect = raed'], /^2: there is no effect raed/],
    [['key = X'], /^1: a section comes first/],
    [['[allow a]', 'effect = list', '[allow a]', 'effect = list'], /^3: there is a rule a already, on line 1/],
    [['[permit a]'], /^1: a section is/],
    [['[allow ]'], /^1: a section is/],
    [['[allow a]', 'effect list'], /^2: a line is/],
    [['[allow a]', 'effect ='], /^2: effect has no value/],
    [['[allow a]', 'effect = list, ,'], /^2: there is nothing between/],
    [['[allow a]'], /^1: a rule that allows says what/],
    [['[allow a]', 'effect = run'], /^1: effect run needs a line command/],
    [['[allow a]', 'effect = write-file'], /^1: effect write-file needs a line file/],
    [['[allow a]', 'effect = list', 'command = x'], /^1: command and host belong to effect run/],
    [['[allow a]', 'effect = share'], /^2: no rule can allow share/],
    [['[allow a]', 'effect = admin'], /^2: no rule can allow admin/],
    [['[allow a]', 'effect = seal'], /^2: no rule can allow seal/],
    [['[allow a]', 'effect = list', 'key = ['], /^3: \[: a pattern that is none/],
    [['[allow a]', 'effect = run', 'command = a "b'], /^3: a " is not closed/],
    [['[allow a]', 'effect = run', 'command = a"b c"'], /^3: a " is not closed, or stands/],
    [['[allow a]', 'effect = run', 'command = x', 'directory = src'], /^4: a path begins with/],
    [['[allow a]', 'effect = run', 'command = x', 'directory = /a/../b'], /^4: a path begins with/],
    [['[allow a]', 'effect = run', 'host = http://x/'], /^3: .* is no host/],
    [['[allow a]', 'effect = get', 'reads = 0 per year'], /^3: reads is: 20 per hour/],
    [['[allow a]', 'effect = get', 'reads = 5'], /^3: reads is/],
    [['[allow a]', 'effect = get', 'from = tomorrow'], /^3: a time is/],
    [['[allow a]', 'effect = get', 'until = 2026-01-01', 'until = 2027-01-01'], /^4: until stands here twice/],
    [['[allow a]', 'effect = get', 'from = 2027-01-01', 'until = 2026-01-01'], /^1: until lies before from/],
    [['[session]', 'uses = 0'], /^2: uses is 1 to 1000/],
    [['[session]', 'key = X'], /^2: there is no setting key/],
  ] as const)('%j', (lines, expected) => {
    expect(faults(...lines)[0] ?? 'no fault').toMatch(expected)
  })

  test('all of them, in order, and none of them is read as a policy', () => {
    const text = '[allow a]\nbad\n[allow b]\neffect = nothing\n'
    const found = parsePolicy(text, ABOUT).faults.map(({ line }) => line)
    expect(found).toEqual([2, 4])
    expect(() => readPolicy(text, ABOUT)).toThrow('line 2')
  })
})

test('noise is a fault or a policy, never an error, and lines are those of the text', () => {
  let seed = 7
  const next = (below: number): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below
  const pieces = [
    '[allow a]',
    '[deny b]',
    '[session]',
    'key',
    '=',
    ' ',
    'effect = run',
    '*',
    '[',
    ']',
    ',',
    '\\',
    '"',
    '#',
    '\n',
    '\n',
  ]
  pieces.push('command = x', 'uses = 3', '\u0000', 'é', '**', '~', 'until = 2026-01-01', 'reads = 1 per day')
  for (let i = 0; i < 3000; i++) {
    const text = Array.from({ length: next(20) }, () => pieces[next(pieces.length)]).join('')
    const lines = text.split('\n').length
    for (const { line } of parsePolicy(text, ABOUT).faults) expect(line >= 1 && line <= lines).toBe(true)
  }
})
