// copy and move as somebody types them.
import { describe, expect, test } from 'bun:test'
import copy from '../../src/commands/copy.ts'
import get from '../../src/commands/get.ts'
import move from '../../src/commands/move.ts'
import set from '../../src/commands/set.ts'
import { Secret } from '../../src/lib/secret.ts'
import { room } from './room.ts'

async function filled() {
  const here = room()
  for (const value of ['one', 'two']) await here.call(set, { name: 'A', value: Secret.fromText(value) })
  return here
}

describe('W60: copy and move', () => {
  test('copy makes a second one', async () => {
    const here = await filled()
    const { note, json } = await here.call(copy, { key: 'A', name: 'B' })
    expect(note).toBe('Copied A to B in project default (2 version(s))')
    expect(json).toEqual({
      from: { project: 'default', key: 'A' },
      to: { project: 'default', key: 'B' },
      versions: 2,
      changed: true,
    })
    expect((await here.call(get, { key: 'B', version: 1 })).out).toBe('one')
  })

  test('move asks first, and a no changes nothing', async () => {
    const here = await filled()
    expect(await here.fails(move, { key: 'A', name: 'B' })).toMatchObject({ kind: 'cancelled' })
    expect(here.played.said).toEqual(["Move 'A' of project 'default' to 'B' of project 'default'?"])
    expect((await here.call(get, { key: 'A' })).out).toBe('two')
    here.played.answers = [true]
    await here.call(move, { key: 'A', name: 'B' })
    expect((await here.call(get, { key: 'B' })).out).toBe('two')
    expect(await here.fails(get, { key: 'A' })).toMatchObject({ kind: 'not_found' })
  })

  test('W54: what is missing is said before anybody is asked', async () => {
    const here = await filled()
    expect(await here.fails(move, { key: 'NOPE', name: 'B' })).toMatchObject({ kind: 'not_found' })
    expect(here.played.said).toEqual([])
  })

  test('no place, a bad name, and one that is taken', async () => {
    const here = await filled()
    await here.call(copy, { key: 'A', name: 'B' })
    expect(await here.fails(copy, { key: 'A' })).toMatchObject({ kind: 'usage' })
    expect(await here.fails(copy, { key: 'A', name: 'not a key' })).toMatchObject({ kind: 'usage' })
    expect(await here.fails(copy, { key: 'A', to: 'nowhere' })).toMatchObject({ kind: 'not_found' })
    expect(await here.fails(move, { key: 'A', name: 'B', yes: true })).toMatchObject({ kind: 'conflict' })
  })
})
