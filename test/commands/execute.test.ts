import { afterEach, describe, expect, test } from 'bun:test'
import { define } from '../../src/commands/define.ts'
import type { Context } from '../../src/commands/context.ts'
import type { Command, Input } from '../../src/commands/define.ts'
import { execute } from '../../src/commands/execute.ts'
import { secretsIn } from '../../src/lib/secret.ts'
import { policyFor } from '../../src/commands/policy.ts'
import { EFFECTS } from '../../src/lib/gate.ts'
import type { Principal } from '../../src/lib/gate.ts'
import { Failure } from '../../src/lib/errors.ts'
import { Secret } from '../../src/lib/secret.ts'
import { failureOf } from '../failure.ts'

/** What happened, in order. */
let log: string[] = []
afterEach(() => {
  log = []
  delete process.env['LD_PRELOAD']
})

const owner: Principal = { kind: 'owner', interactive: false }

function surroundings(changed: Partial<Context> = {}): () => Promise<Context> {
  return async () => {
    log.push('open')
    return {
      principal: owner,
      settle: async (result: string) => void log.push(`settle ${result}`),
      release: async () => void log.push('release'),
      ...changed,
    } as Context
  }
}

const input = { value: { kind: 'secret', at: 0, about: 'value' } } as const
type Made = { key: string; list: { value: Secret }[] }

function command(changed: Partial<Command<typeof input, Made>> = {}): Command<typeof input, Made> {
  return define<typeof input, Made>({
    path: 'try',
    about: 'Try the gate',
    effect: 'reveal',
    on: ['cli'],
    holdsKeys: true,
    input,
    examples: [],
    run: (_, { value }) => {
      log.push(`run ${value?.size}`)
      return { key: 'K', list: [{ value: given.output }] }
    },
    ...changed,
  })
}

let given: { input: Secret; output: Secret }
function call(
  changed: Partial<Command<typeof input, Made>> = {},
  open = surroundings(),
  present?: () => void,
): Promise<unknown> {
  given = { input: Secret.fromText('in'), output: Secret.fromText('output') }
  const filled: Input<typeof input> = { value: given.input }
  return execute(command(changed), filled, open, (result) => {
    log.push(`present ${result.list[0]?.value.size}`)
    present?.()
  })
}

const wiped = () => [given.input.size, given.output.size]

describe('in this order', () => {
  test('success', async () => {
    await call()
    expect(log).toEqual(['open', 'run 2', 'present 6', 'settle ok', 'release'])
    expect(wiped()).toEqual([0, 0])
  })

  test('the body fails: settled with its kind, released, the input wiped', async () => {
    const refuse = () => {
      throw new Failure('not_found', 'no such thing')
    }
    expect((await failureOf(call({ run: refuse }))).kind).toBe('not_found')
    expect(log).toEqual(['open', 'settle not_found', 'release'])
    expect(given.input.size).toBe(0)
  })

  test('a foreign error becomes fixed text', async () => {
    const slip = () => Promise.reject(new TypeError('hunter2 is not a function'))
    const { kind, message, hint } = await failureOf(call({ run: slip }))
    expect(kind).toBe('internal')
    expect(`${message} ${hint}`).not.toContain('hunter2')
    expect(log).toEqual(['open', 'settle internal', 'release'])
  })

  test('handing over fails: settled as failed, both sides wiped', async () => {
    const full = () => {
      throw new Failure('failed', 'disk full')
    }
    expect((await failureOf(call({}, surroundings(), full))).kind).toBe('failed')
    expect(log).toEqual(['open', 'run 2', 'present 6', 'settle failed', 'release'])
    expect(wiped()).toEqual([0, 0])
  })

  test('the audit record cannot be completed: the command fails and everything is wiped', async () => {
    const settle = () => Promise.reject(new Failure('busy', 'locked'))
    expect((await failureOf(call({}, surroundings({ settle })))).kind).toBe('busy')
    expect(log).toEqual(['open', 'run 2', 'present 6', 'release'])
    expect(wiped()).toEqual([0, 0])
  })

  test('what goes wrong while closing does not hide how the command went', async () => {
    const release = () => Promise.reject(new Error('closed twice'))
    const run = () => {
      throw new Failure('conflict', 'it is there')
    }
    await call({}, surroundings({ release }))
    expect((await failureOf(call({ run }, surroundings({ release })))).kind).toBe('conflict')
    expect(wiped()[0]).toBe(0)
  })

  test('no context, no body', async () => {
    const open = () => Promise.reject(new Failure('usage', 'no home'))
    expect((await failureOf(call({}, open))).kind).toBe('usage')
    expect(log).toEqual([])
    expect(given.input.size).toBe(0)
  })
})

describe('refusals', () => {
  test('a hostile environment stops a command that holds keys before anything is opened', async () => {
    process.env['LD_PRELOAD'] = './evil.so'
    const { kind, message, hint } = await failureOf(call())
    expect(kind).toBe('denied')
    expect(message).toContain('LD_PRELOAD')
    expect(hint).toBe('env -u LD_PRELOAD tvault try')
    expect(log).toEqual([])
    expect(given.input.size).toBe(0)
  })

  test('a command that holds none runs', async () => {
    process.env['LD_PRELOAD'] = './evil.so'
    await call({ holdsKeys: false })
    expect(log).toContain('run 2')
  })

  test('whoever is unknown may do nothing', async () => {
    const stranger = { kind: 'stranger', interactive: true } as unknown as Principal
    expect((await failureOf(call({}, surroundings({ principal: stranger })))).kind).toBe('denied')
    expect(log).toEqual(['open', 'settle denied', 'release'])
  })

  test('an effect that does not exist is refused', async () => {
    expect((await failureOf(call({ effect: 'anything' as 'none' }))).kind).toBe('denied')
    expect(log).not.toContain('run 2')
  })
})

test('the owner may do everything, under a rule that says who he is', () => {
  const rules = [true, false].map((interactive) => {
    const principal: Principal = { kind: 'owner', interactive }
    const answers = EFFECTS.map((effect) => policyFor(principal).decide({ principal, command: 'try', effect }))
    expect(answers.every(({ allow }) => allow)).toBe(true)
    return answers[0]?.rule
  })
  expect(new Set(rules).size).toBe(2)
})

test('secrets are found however deep they are, and in circles', () => {
  const secret = Secret.fromText('x')
  const circle: { self?: unknown; list: unknown[] } = { list: [{ a: { b: [secret] } }, new Uint8Array(3), null, 'x'] }
  circle.self = circle
  expect(secretsIn(circle)).toEqual([secret])
  expect(secretsIn(undefined)).toEqual([])
})
