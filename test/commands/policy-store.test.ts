// `tvault policy set`, `edit`, `reset` and `show`: a policy is stored whole and right, or not at all.
import { describe, expect, test } from 'bun:test'
import edit from '../../src/commands/policy/edit.ts'
import reset from '../../src/commands/policy/reset.ts'
import set from '../../src/commands/policy/set.ts'
import show from '../../src/commands/policy/show.ts'
import { POLICY_TEMPLATE } from '../../src/formats/policy.ts'
import { utf8 } from '../../src/lib/bytes.ts'
import { room } from './room.ts'

const RIGHT = '[allow names]\neffect = list\n'
const WRONG = '[allow names]\neffect = lost\n'

function atTerminal() {
  const here = room()
  here.played.stdinIsTerminal = true
  const stored = async () => (await here.call(show, { text: true })).out
  return { ...here, stored }
}

describe('set', () => {
  test('stores a file, and the same again as the next revision', async () => {
    const { played, call, stored } = atTerminal()
    played.files['p'] = utf8(RIGHT)
    expect((await call(set, { file: 'p' })).json).toMatchObject({ revision: 1, rules: 1, changed: true })
    expect((await call(set, { file: 'p' })).json).toMatchObject({ revision: 2 })
    expect(await stored()).toBe(RIGHT)
  })

  test.each([
    ['a fault', WRONG, 'line 2: there is no effect lost'],
    ['nothing', ' \n', 'the policy is empty'],
    ['bytes', '\xff', 'the policy is not UTF-8'],
  ])('%s is not stored', async (_, content, words) => {
    const { played, fails, stored } = atTerminal()
    played.files['p'] = content === '\xff' ? Uint8Array.of(0xff) : utf8(content)
    expect((await fails(set, { file: 'p' })).message).toContain(words)
    expect(await stored()).toBe('')
  })
})

describe('edit', () => {
  test('begins with names only, and goes on until it is right', async () => {
    const { played, call, stored } = atTerminal()
    played.edited = [WRONG, RIGHT]
    played.answers = [true]
    expect((await call(edit)).json).toMatchObject({ revision: 1, changed: true })
    expect(played.said.join('\n')).toContain('line 2: there is no effect lost')
    expect(await stored()).toBe(RIGHT)
  })

  test('given up, everything stays as it is', async () => {
    const { played, call, fails, stored } = atTerminal()
    await call(edit)
    expect(await stored()).toBe(POLICY_TEMPLATE)
    played.edited = [WRONG]
    expect((await fails(edit)).kind).toBe('cancelled')
    expect(await stored()).toBe(POLICY_TEMPLATE)
    expect((await call(edit)).json).toMatchObject({ changed: false })
  })

  test('without a terminal there is no editor', async () => {
    const { played, fails } = room()
    played.stdinIsTerminal = false
    expect(await fails(edit)).toMatchObject({ kind: 'usage' })
  })
})

test('reset asks, and takes it away', async () => {
  const { played, call, fails, stored } = atTerminal()
  expect((await call(reset)).json).toMatchObject({ changed: false })
  await call(edit)
  expect((await fails(reset)).kind).toBe('cancelled')
  played.answers = [true]
  expect((await call(reset)).json).toMatchObject({ revision: 2, changed: true })
  expect(await stored()).toBe('')
})
