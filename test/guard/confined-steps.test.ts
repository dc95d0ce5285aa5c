// What runs around another program: in order, all of it taken down whatever happened, and nothing begun after a failure.
import { expect, test } from 'bun:test'
import { betweenSteps } from '../../src/guard/confined-steps.ts'
import type { Step } from '../../src/guard/confined-steps.ts'
import type { Ending } from '../../src/guard/watch.ts'

const silent = { head: new Uint8Array(0), tail: new Uint8Array(0), total: 0, dropped: 0 }
const ending = (exitCode: number, more: Partial<Ending> = {}): Ending => ({
  exitCode,
  signal: undefined,
  timedOut: false,
  cancelled: false,
  stdout: silent,
  stderr: silent,
  strays: { killed: 0, left: 0 },
  milliseconds: 0,
  failure: undefined,
  ...more,
})

/** Steps by name; what each ends with, else 0. What happened, in order. */
async function played(endings: Record<string, Ending | Error | (() => void)>, cancel = new AbortController()) {
  const order: string[] = []
  const step = (name: string): Step => ({ command: [`/bin/${name}`], timeoutSeconds: 1 })
  const end = (name: string): Ending => {
    order.push(name)
    const how = endings[name]
    if (how instanceof Error) throw how
    if (typeof how === 'function') how()
    return typeof how === 'object' ? how : ending(0)
  }
  const steps = { setUp: [step('a'), step('b')], tearDown: [step('y'), step('z')] }
  const start = async ({ command: [path = ''] }: Step, signal: AbortSignal | undefined) =>
    end(signal?.aborted ? 'killed' : path.slice(5))
  const done = betweenSteps(steps, start, cancel.signal, async () => end('act'))
  const { setUp, tearDown, ...rest } = await done.catch((error: Error) => ({ setUp: [], tearDown: [], error }))
  return { order: order.join(' '), codes: [...setUp, ...tearDown].map(({ exitCode }) => exitCode), ...rest }
}

test('all goes well', async () => {
  expect(await played({})).toMatchObject({ order: 'a b act y z', codes: [0, 0, 0, 0], ending: { exitCode: 0 } })
})

test.each([
  ['ends with an error', ending(3), 3],
  ['takes too long', ending(0, { timedOut: true }), 0],
  ['cannot be started', ending(1, { failure: { step: 1, errno: 2 } as never }), 126],
  ['cannot even be tried', new Error('no pipe'), 126],
])('what sets up %s: the program is not run, and all is taken down', async (_, how, code) => {
  expect(await played({ a: how })).toEqual({ order: 'a y z', codes: [code, 0, 0], ending: undefined })
  expect(await played({ b: how })).toEqual({ order: 'a b y z', codes: [0, code, 0, 0], ending: undefined })
})

test('the program fails, takes too long, or cannot be run: all is taken down', async () => {
  expect(await played({ act: ending(1) })).toMatchObject({ order: 'a b act y z' })
  expect(await played({ act: ending(143, { timedOut: true }) })).toMatchObject({ order: 'a b act y z' })
  expect(await played({ act: new Error('not begun') })).toMatchObject({
    order: 'a b act y z',
    error: { message: 'not begun' },
  })
})

test('what is taken back in between is taken down, and that is not taken back', async () => {
  const cancel = new AbortController()
  expect(await played({ a: () => cancel.abort() }, cancel)).toMatchObject({ order: 'a y z', ending: undefined })
  const later = new AbortController()
  expect(await played({ act: () => later.abort() }, later)).toMatchObject({ order: 'a b act y z' })
})

test('one that takes down fails, and the next is run all the same', async () => {
  expect(await played({ y: ending(1), z: new Error('x') })).toMatchObject({
    order: 'a b act y z',
    codes: [0, 0, 1, 126],
  })
})
