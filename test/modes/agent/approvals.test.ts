// Uses that wait for the owner: what an approval is bound to, how long it holds, and that silence is a no.
import { describe, expect, test } from 'bun:test'
import { Approvals } from '../../../src/modes/agent/approvals.ts'
import type { Pending, Use } from '../../../src/modes/agent/approvals.ts'
import { Lockouts } from '../../../src/modes/agent/lockouts.ts'
import { failure } from '../../failure.ts'

const TERMS = { uses: 3, seconds: 300, wait: 60 }
const USE: Use = {
  client: 'claude',
  version: '1',
  process: '100:5',
  command: 'mcp exec',
  effect: 'inject',
  project: 'shop',
  keys: ['A', 'B'],
  act: { argv: ['npm', 'publish'], directory: '/src' },
  rule: 'pay',
}

function played() {
  let at = 1000
  let count = 0
  const asked: Pending[] = []
  const random = (size: number) => new Uint8Array(size).fill((count += 1))
  const approvals = new Approvals({ now: () => at, random, asked: (one) => void asked.push(one) })
  const wait = (seconds: number): void => void (at += seconds * 1000)
  /** The request that `use` has to wait for. */
  const waits = (use: Use): string => {
    const failed = failure(() => approvals.demand(use, TERMS))
    expect(failed).toMatchObject({ kind: 'denied', code: 'approval_required' })
    return String(failed?.about?.['request'])
  }
  return { approvals, asked, wait, waits }
}

describe('one use', () => {
  test('waits, is approved, and is used once', () => {
    const { approvals, asked, waits } = played()
    const id = waits(USE)
    expect(waits(USE)).toBe(id)
    expect(asked).toHaveLength(1)
    expect(approvals.list()).toMatchObject([
      { id, client: 'claude', pid: 100, keys: ['A', 'B'], program: ['npm', 'publish'], seconds_left: 60, rule: 'pay' },
    ])
    expect(approvals.answer(id, USE)).toEqual({ answer: 'waiting', seconds: 60 })
    approvals.approve(id)
    expect(approvals.answer(id, USE)).toMatchObject({ answer: 'approved' })
    expect(approvals.demand(USE, TERMS)).toBe(id)
    expect(waits(USE)).not.toBe(id)
  })

  test.each([
    ['another program', { act: { ...USE.act, argv: ['npm', 'publish', '--force'] } }],
    ['words that are cut in another way', { act: { ...USE.act, argv: ['npm publish'] } }],
    ['another directory', { act: { ...USE.act, directory: '/etc' } }],
    ['a host', { act: { ...USE.act, host: 'example.com' } }],
    ['other arguments', { act: { ...USE.act, digest: 'other' } }],
    ['a file', { act: { ...USE.act, file: '/x' } }],
    ['another key', { keys: ['A', 'C'] }],
    ['one more key', { keys: ['A', 'B', 'C'] }],
    ['another project', { project: 'prod' }],
    ['another effect', { effect: 'reveal' }],
    ['another command', { command: 'get' }],
    ['another client', { client: 'cursor' }],
    ['another version of it', { version: '2' }],
    ['another process', { process: '101:5' }],
    ['a later process with the same number', { process: '100:6' }],
  ] as const)('an approval is not for %s', (_, changed) => {
    const { approvals, waits } = played()
    const id = waits(USE)
    approvals.approve(id, { uses: 10, seconds: 600 })
    expect(waits({ ...USE, ...changed } as Use)).not.toBe(id)
    expect(approvals.demand(USE, TERMS)).toBe(id)
  })

  test('the order of keys and the purpose do not matter', () => {
    const { approvals, waits } = played()
    approvals.approve(waits(USE))
    approvals.demand({ ...USE, keys: ['B', 'A'], act: { ...USE.act, purpose: 'other words' } }, TERMS)
  })

  test('silence is a no', () => {
    const { approvals, wait, waits } = played()
    const id = waits(USE)
    wait(60)
    expect(approvals.answer(id, USE)).toMatchObject({ answer: 'expired' })
    expect(approvals.list()).toEqual([])
    expect(failure(() => approvals.approve(id))).toMatchObject({ kind: 'not_found' })
    expect(waits(USE)).not.toBe(id)
  })

  test('a no holds for a minute, without asking again', () => {
    const { approvals, asked, wait, waits } = played()
    approvals.deny(waits(USE))
    for (let i = 0; i < 3; i++) {
      expect(failure(() => approvals.demand(USE, TERMS))).toMatchObject({ code: 'approval_denied' })
    }
    expect(asked).toHaveLength(1)
    wait(60)
    waits(USE)
    expect(asked).toHaveLength(2)
  })

  test('a decision is made once: a replayed one finds nothing', () => {
    const { approvals, waits } = played()
    const id = waits(USE)
    approvals.approve(id)
    approvals.demand(USE, TERMS)
    expect(failure(() => approvals.approve(id))).toMatchObject({ kind: 'not_found' })
    expect(failure(() => approvals.deny(id))).toMatchObject({ kind: 'not_found' })
    expect(failure(() => approvals.approve('00000000'))).toMatchObject({ kind: 'not_found' })
    waits(USE)
  })

  test('an approved use must begin within a minute, or as long as was said', () => {
    const { approvals, wait, waits } = played()
    approvals.approve(waits(USE))
    wait(60)
    const id = waits(USE)
    approvals.approve(id, { uses: 2, seconds: 300 })
    wait(299)
    expect(approvals.demand(USE, TERMS)).toBe(id)
    wait(1)
    waits(USE)
  })

  test('only who asked is told, and can take it back', () => {
    const { approvals, waits } = played()
    const id = waits(USE)
    const other = { client: 'claude', process: '7:7' }
    expect(approvals.answer(id, other)).toMatchObject({ answer: 'unknown' })
    approvals.withdraw(id, other)
    expect(approvals.list()).toHaveLength(1)
    expect(approvals.withdraw(id, USE)).toBe(true)
    expect(approvals.list()).toEqual([])
    expect(approvals.withdraw(id, USE)).toBe(false)
  })

  test('a no at the client holds for a minute, and takes nothing back that was decided', () => {
    const { approvals, wait, waits } = played()
    const id = waits(USE)
    expect(approvals.withdraw(id, { client: 'claude', process: '7:7' }, true)).toBe(false)
    expect(approvals.withdraw(id, USE, true)).toBe(true)
    expect(failure(() => approvals.demand(USE, TERMS))).toMatchObject({ code: 'approval_denied' })
    wait(61)
    const next = waits(USE)
    approvals.approve(next)
    expect(approvals.withdraw(next, USE, true)).toBe(false)
    expect(approvals.demand(USE, TERMS)).toBe(next)
  })

  test('a client cannot bury the others: five wait at most', () => {
    const { approvals, waits } = played()
    for (let i = 0; i < 5; i++) waits({ ...USE, project: `p${i}` })
    const sixth = failure(() => approvals.demand({ ...USE, project: 'p6' }, TERMS))
    expect([sixth?.kind, sixth?.about]).toEqual(['denied', undefined])
    expect(failure(() => approvals.demand({ ...USE, client: 'other', project: 'p6' }, TERMS))?.about).toBeUndefined()
    waits({ ...USE, client: 'other', process: '9:9' })
  })

  test('names need no word of the owner', () => {
    const { approvals } = played()
    expect(approvals.demand({ ...USE, effect: 'list' }, TERMS)).toBe('')
  })
})

describe('a session', () => {
  const ask = (room: ReturnType<typeof played>): string => room.approvals.askSession(USE, TERMS).request

  test('is locked at first, and after three uses', () => {
    const room = played()
    const { approvals, waits } = room
    expect(approvals.session(USE)).toEqual({ locked: true, uses_left: 0, seconds_left: 0, pending: 0 })
    const id = ask(room)
    expect(ask(room)).toBe(id)
    expect(approvals.session(USE)).toMatchObject({ locked: true, pending: 1 })
    approvals.approve(id)
    expect(approvals.session(USE)).toEqual({ locked: false, uses_left: 3, seconds_left: 300, pending: 0 })
    for (let i = 0; i < 3; i++) expect(approvals.demand({ ...USE, project: `p${i}` }, TERMS)).toBe(id)
    expect(approvals.session(USE)).toMatchObject({ locked: true })
    waits(USE)
  })

  test('after five minutes', () => {
    const room = played()
    room.approvals.approve(ask(room))
    room.wait(299)
    room.approvals.demand(USE, TERMS)
    room.wait(1)
    room.waits(USE)
  })

  test('is for one client in one process', () => {
    const room = played()
    room.approvals.approve(ask(room))
    room.waits({ ...USE, process: '101:5' })
    room.waits({ ...USE, client: 'cursor' })
    room.approvals.demand(USE, TERMS)
  })

  test('a lock ends everything', () => {
    const room = played()
    room.approvals.approve(ask(room))
    room.approvals.approve(room.waits({ ...USE, process: '101:5' }))
    room.waits({ ...USE, process: '102:5' })
    room.approvals.clear()
    expect(room.approvals.list()).toEqual([])
    room.waits(USE)
    room.waits({ ...USE, process: '101:5' })
  })
})

describe('lock-outs', () => {
  function lockouts() {
    let at = 0
    const told: string[] = []
    const out = new Lockouts({ now: () => at, most: 5, told: ({ client }) => void told.push(client) })
    const isOut = (client: string, process: string): boolean => {
      try {
        out.check(client, process)
        return false
      } catch {
        return true
      }
    }
    return { out, told, isOut, wait: (seconds: number) => void (at += seconds * 1000) }
  }

  test('by name and by process, told once, and only the owner ends it', () => {
    const { out, told, isOut, wait } = lockouts()
    for (let i = 0; i < 5; i++) out.refused('claude', '1:1')
    expect([isOut('claude', '2:2'), isOut('renamed', '1:1'), isOut('cursor', '2:2')]).toEqual([true, true, false])
    wait(3600)
    expect(isOut('claude', '1:1')).toBe(true)
    out.refused('claude', '1:1')
    expect([told, out.list()]).toMatchObject([['claude'], [{ client: 'claude', refusals: 5 }]])
    expect(out.forgive('cursor')).toBe(0)
    expect(out.forgive()).toBe(1)
    expect([isOut('claude', '1:1'), out.list()]).toEqual([false, []])
    out.refused('claude', '1:1')
    expect(isOut('claude', '1:1')).toBe(false)
  })

  test('a few a minute are mistakes', () => {
    const { out, isOut, wait } = lockouts()
    for (let i = 0; i < 50; i++) {
      out.refused('claude', '1:1')
      wait(20)
    }
    expect(isOut('claude', '1:1')).toBe(false)
  })

  test('another name for each call is the same process', () => {
    const { out, isOut } = lockouts()
    for (let i = 0; i < 5; i++) out.refused(`name ${i}`, '1:1')
    expect(isOut('name 9', '1:1')).toBe(true)
  })
})
