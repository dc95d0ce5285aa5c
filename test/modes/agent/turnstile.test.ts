// The turnstile: what is asked together shares one commit, nothing is handed over before it is on disk, nobody overtakes
// in the middle of something, and a lock of somebody else is waited for without standing still.
import { describe, expect, test } from 'bun:test'
import { Failure } from '../../../src/lib/errors.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { Turnstile } from '../../../src/modes/agent/turnstile.ts'
import type { Work } from '../../../src/modes/agent/turnstile.ts'

class PlayedGate {
  /** What happened, in order. */
  readonly log: string[] = []
  free = true
  /** What the commit fails with at its end. */
  fails: Error | undefined
  tries = 0

  together(act: () => void): boolean {
    this.tries += 1
    if (!this.free) return false
    this.log.push('begin')
    act()
    if (this.fails) throw this.fails
    this.log.push('commit')
    return true
  }

  alone(): (() => void) | undefined {
    this.tries += 1
    if (!this.free) return undefined
    this.free = false
    this.log.push('hold')
    return () => {
      this.free = true
      this.log.push('let go')
    }
  }
}

function setUp(patience = 1000): {
  gate: PlayedGate
  turnstile: Turnstile
  work: (name: string, rest?: Partial<Work>) => Work
} {
  const gate = new PlayedGate()
  const { log } = gate
  return {
    gate,
    turnstile: new Turnstile(gate, patience),
    work: (name, rest = {}) => ({
      manner: 'together',
      run: () => log.push(`run ${name}`),
      done: () => log.push(`done ${name}`),
      failed: (error) => log.push(`failed ${name}: ${error instanceof Failure ? error.kind : String(error)}`),
      ...rest,
    }),
  }
}

/** Waits until `log` holds what it is to hold, at most two seconds. */
async function until(is: () => boolean): Promise<void> {
  const deadline = performance.now() + 2000
  while (!is() && performance.now() < deadline) await Bun.sleep(1)
}

describe('together', () => {
  test('one commit for all of one turn, in order, and hand-over behind it', async () => {
    const { gate, turnstile, work } = setUp()
    for (const name of ['a', 'b', 'c']) turnstile.add(work(name))
    expect(gate.log).toEqual([])
    await until(() => gate.log.includes('done c'))
    expect(gate.log).toEqual(['begin', 'run a', 'run b', 'run c', 'commit', 'done a', 'done b', 'done c'])
  })

  test('what fails takes nobody along', async () => {
    const { gate, turnstile, work } = setUp()
    turnstile.add(work('a'))
    turnstile.add(
      work('b', {
        run: () => {
          throw new Failure('not_found', 'no')
        },
      }),
    )
    turnstile.add(work('c'))
    await until(() => gate.log.includes('done c'))
    expect(gate.log).toEqual(['begin', 'run a', 'run c', 'commit', 'done a', 'failed b: not_found', 'done c'])
  })

  test('when the commit fails nothing is handed over, and the values are wiped', async () => {
    const { gate, turnstile, work } = setUp()
    gate.fails = new Failure('failed', 'no space')
    const value = Secret.fromText('value')
    turnstile.add(work('a', { run: () => ({ entries: [{ key: 'K', value }] }) }))
    turnstile.add(work('b'))
    await until(() => gate.log.length >= 4)
    expect(gate.log).toEqual(['begin', 'run b', 'failed a: failed', 'failed b: failed'])
    expect(value.size).toBe(0)
    gate.fails = undefined
    turnstile.add(work('c'))
    await until(() => gate.log.includes('done c'))
    expect(gate.log.slice(4)).toEqual(['begin', 'run c', 'commit', 'done c'])
  })

  test('a batch is bounded by number and by the weight of its values', async () => {
    const { gate, turnstile, work } = setUp()
    for (let index = 0; index < 600; index++) turnstile.add(work(`${index}`))
    await until(() => gate.log.includes('done 599'))
    expect(gate.log.filter((line) => line === 'commit')).toHaveLength(3)
    gate.log.length = 0
    const heavy = { run: () => new Secret(new Uint8Array(5 << 20)) }
    for (let index = 0; index < 4; index++) turnstile.add(work(`heavy ${index}`, heavy))
    await until(() => gate.log.includes('done heavy 3'))
    expect(gate.log.filter((line) => line === 'commit')).toHaveLength(2)
  })

  test('what is not urgent goes along with the next, or alone after a moment', async () => {
    const { gate, turnstile, work } = setUp()
    turnstile.add(work('settle 1', { lazy: true }))
    turnstile.add(work('read'))
    await until(() => gate.log.includes('done read'))
    expect(gate.log).toEqual(['begin', 'run settle 1', 'run read', 'commit', 'done settle 1', 'done read'])
    gate.log.length = 0
    turnstile.add(work('settle 2', { lazy: true }))
    await Bun.sleep(5)
    expect(gate.log).toEqual([])
    await until(() => gate.log.includes('done settle 2'))
    expect(gate.log).toEqual(['begin', 'run settle 2', 'commit', 'done settle 2'])
  })

  test('flush runs what is not urgent at once, and leaves the rest waiting', async () => {
    const { gate, turnstile, work } = setUp()
    turnstile.add(work('read'))
    turnstile.add(work('settle', { lazy: true }))
    turnstile.flush()
    expect(gate.log).toEqual(['begin', 'run settle', 'commit', 'done settle'])
    await until(() => gate.log.includes('done read'))
    expect(gate.log.filter((line) => line.includes('settle'))).toHaveLength(2)
  })
})

describe('alone', () => {
  test('nobody is begun before it is over, and order is kept', async () => {
    const { gate, turnstile, work } = setUp()
    const { promise, resolve } = Promise.withResolvers<void>()
    turnstile.add(work('a'))
    turnstile.add(work('rotate', { manner: 'alone', run: () => promise }))
    turnstile.add(work('b'))
    await until(() => turnstile.alone !== undefined)
    turnstile.add(work('c'))
    turnstile.flush()
    await Bun.sleep(5)
    expect(gate.log).toEqual(['begin', 'run a', 'commit', 'done a', 'hold'])
    resolve()
    await until(() => gate.log.includes('done c'))
    expect(gate.log.slice(5)).toEqual([
      'done rotate',
      'let go',
      'begin',
      'run b',
      'run c',
      'commit',
      'done b',
      'done c',
    ])
  })

  test('one that fails lets go', async () => {
    const { gate, turnstile, work } = setUp()
    turnstile.add(work('x', { manner: 'alone', run: () => Promise.reject(new Failure('corrupt', 'no')) }))
    turnstile.add(work('y', { manner: 'alone', run: () => { throw new Failure('usage', 'no') } })) // prettier-ignore
    turnstile.add(work('a'))
    await until(() => gate.log.includes('done a'))
    expect(gate.log).toEqual([
      'hold',
      'failed x: corrupt',
      'let go',
      'hold',
      'failed y: usage',
      'let go',
      'begin',
      'run a',
      'commit',
      'done a',
    ])
  })
})

describe('a lock of somebody else', () => {
  test('is waited for while the event loop goes on', async () => {
    const { gate, turnstile, work } = setUp()
    gate.free = false
    turnstile.add(work('a'))
    let turns = 0
    const timer = setInterval(() => (turns += 1), 1)
    await until(() => gate.tries > 4)
    clearInterval(timer)
    expect(turns).toBeGreaterThan(3)
    gate.free = true
    await until(() => gate.log.includes('done a'))
    expect(gate.log).toEqual(['begin', 'run a', 'commit', 'done a'])
  })

  test('is given up after the deadline with busy, and nothing was run', async () => {
    const { gate, turnstile, work } = setUp(20)
    gate.free = false
    turnstile.add(work('a'))
    turnstile.add(work('b', { manner: 'alone' }))
    await until(() => gate.log.length === 2)
    expect(gate.log).toEqual(['failed a: busy', 'failed b: busy'])
    gate.free = true
    turnstile.add(work('c'))
    await until(() => gate.log.includes('done c'))
    expect(gate.log.slice(2)).toEqual(['begin', 'run c', 'commit', 'done c'])
  })

  test('our own long act is no reason to give up', async () => {
    const { gate, turnstile, work } = setUp(20)
    turnstile.add(work('rotate', { manner: 'alone', run: () => Bun.sleep(60) }))
    turnstile.add(work('a'))
    await until(() => gate.log.includes('done a'))
    expect(gate.log).toEqual(['hold', 'done rotate', 'let go', 'begin', 'run a', 'commit', 'done a'])
  })

  test('a fault before anything ran is told to all', async () => {
    const { gate, turnstile, work } = setUp()
    gate.together = () => {
      throw new Failure('corrupt', 'the file is damaged')
    }
    turnstile.add(work('a'))
    turnstile.add(work('b'))
    await until(() => gate.log.length === 2)
    expect(gate.log).toEqual(['failed a: corrupt', 'failed b: corrupt'])
  })
})

describe('taking back', () => {
  test('works until it is begun', async () => {
    const { gate, turnstile, work } = setUp()
    const { promise, resolve } = Promise.withResolvers<void>()
    const first = turnstile.add(work('rotate', { manner: 'alone', run: () => promise }))
    const second = turnstile.add(work('a'))
    await until(() => turnstile.alone !== undefined)
    expect(first()).toBeFalse()
    expect(second()).toBeTrue()
    expect(second()).toBeFalse()
    resolve()
    await until(() => gate.log.includes('let go'))
    expect(gate.log).toEqual(['hold', 'done rotate', 'let go'])
  })
})
