// Waiting for the owner's word with a page beside it: whichever comes first counts, and the page is told how it ended.
import { expect, test } from 'bun:test'
import { ownersWord } from '../../src/context/mcp-approval.ts'
import { Failure } from '../../src/lib/errors.ts'
import type { Answer } from '../../src/modes/agent/approvals.ts'
import type { Ending } from '../../src/modes/mcp/host.ts'
import { failureOf } from '../failure.ts'

function played(answers: readonly (Answer | Failure)[]) {
  const turned = new AbortController()
  const stop = new AbortController()
  const endings: Ending[] = []
  const withdrawn: boolean[] = []
  const left = [...answers]
  const word = () =>
    ownersWord({
      async look() {
        const answer = left.length > 1 ? left.shift()! : left[0]!
        if (answer instanceof Failure) throw answer
        return { answer, seconds: 9 }
      },
      withdraw: async (declined) => void withdrawn.push(declined),
      page: { turnedDown: turned.signal, close: (how) => void endings.push(how) },
      signal: stop.signal,
      progress: () => undefined,
    })
  return { word, turned, stop, endings, withdrawn }
}

test.each([
  ['approved', undefined, 'approved'],
  ['denied', 'approval_denied', 'denied'],
  ['expired', 'approval_expired', 'expired'],
  ['unknown', 'approval_expired', 'expired'],
] as const)('an owner who has %s it elsewhere closes the page', async (answer, code, ending) => {
  const { word, endings, withdrawn } = played(['waiting', answer])
  const failed = code === undefined ? await word() : await failureOf(word())
  expect([failed?.code, endings, withdrawn]).toEqual([code, [ending], []])
})

test.each([
  ['decline', true],
  ['cancel', false],
] as const)('a client that says %s has the question taken back', async (reason, declined) => {
  const { word, turned, endings, withdrawn } = played(['waiting'])
  const waiting = failureOf(word())
  turned.abort(reason)
  expect(await waiting).toMatchObject({ kind: 'denied', code: 'approval_denied' })
  expect([endings, withdrawn]).toEqual([['denied'], [declined]])
})

test('an owner who was quicker than the client counts', async () => {
  const { word, turned, withdrawn } = played(['approved'])
  turned.abort('decline')
  await word()
  expect(withdrawn).toEqual([])
})

test('a call that is taken back, and an agent that is gone, close the page', async () => {
  const { word, stop, endings, withdrawn } = played(['waiting'])
  const waiting = failureOf(word())
  stop.abort()
  expect(await waiting).toMatchObject({ kind: 'cancelled' })
  expect([endings, withdrawn]).toEqual([['over'], [false]])
  const gone = played([new Failure('failed', 'the agent went away')])
  expect(await failureOf(gone.word())).toMatchObject({ kind: 'failed' })
  expect(gone.endings).toEqual(['over'])
})
