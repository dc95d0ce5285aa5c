// Tables for redaction in the process that has the key: made once for each state, gone when nobody looks with them, and at
// once when the vault is locked, whoever looks with them.
import { expect, test } from 'bun:test'
import { Redactions } from '../../src/context/mcp-redactions.ts'
import type { Redactor } from '../../src/guard/redact.ts'
import { text, utf8 } from '../../src/lib/bytes.ts'
import { Secret } from '../../src/lib/secret.ts'
import type { Confidential } from '../../src/vault/confidential.ts'
import { failure } from '../failure.ts'

const value = (name: string): string => `q7Lw2-${name}-9Xv4Tn8Kd`
/** Counts how often its values are opened. */
function project(stamp: string): Confidential & { opened: number } {
  const found = {
    ...{ stamp, size: 1, opened: 0 },
    open() {
      found.opened += 1
      return [{ key: stamp, value: Secret.fromText(value(stamp)) }]
    },
  }
  return found
}
const seen = (stream: Redactor, name: string): string | undefined => text(stream.push(utf8(`${value(name)} .`)))

test('values are opened once for a state, also by two at the same time', async () => {
  const redactions = new Redactions()
  const web = project('web')
  const streams = await Promise.all([redactions.stream('a', web), redactions.stream('a', web)])
  streams.push(await redactions.stream('a', web))
  expect(web.opened).toBeLessThanOrEqual(2)
  for (const stream of streams) expect(seen(stream, 'web')).toBe('[REDACTED:web] .')
  const changed = project('changed')
  expect(seen(await redactions.stream('a', changed), 'changed')).toBe('[REDACTED:changed] .')
  // Who began before goes on with what was true then.
  expect(seen(streams[0]!, 'web')).toBe('[REDACTED:web] .')
  redactions.wipe()
})

test('a lock ends all streams, also those whose tables are kept no longer', async () => {
  const redactions = new Redactions()
  const names = ['1', '2', '3', '4', '5', '6', '7']
  const streams = await Promise.all(names.map((name) => redactions.stream(name, project(name))))
  streams.push(await redactions.stream('1', project('another state')))
  // Two who make the same tables at once.
  streams.push(...(await Promise.all(['x', 'x'].map((name) => redactions.stream(name, project('same'))))))
  redactions.wipe()
  for (const stream of streams) expect(failure(() => stream.push(utf8('x')))).toMatchObject({ kind: 'locked' })
})

test('one that is made while the vault is locked is none', async () => {
  const redactions = new Redactions()
  const making = redactions.stream('a', project('web'))
  redactions.wipe()
  expect(await making.catch((error: unknown) => error)).toMatchObject({ kind: 'locked' })
})

test('tables that nobody uses go after a while, and programs that run keep theirs', async () => {
  const redactions = new Redactions(20)
  const web = project('web')
  const running = await redactions.stream('a', web)
  const ended = await redactions.stream('b', project('other'))
  ended.end()
  // Those of both go at the same moment.
  while (!ended.released) await Bun.sleep(5)
  expect(seen(running, 'web')).toBe('[REDACTED:web] .')
  expect(running.released).toBe(false)
  running.end()
  expect(running.released).toBe(true)
  await redactions.stream('a', web)
  expect(web.opened).toBe(2)
  redactions.wipe()
})
