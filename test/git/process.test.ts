// The long running filter against a played git: the conversation of gitattributes(5), byte for byte.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { concat, latin1, utf8 } from '../../src/lib/bytes.ts'
import { Failure } from '../../src/lib/errors.ts'
import { Secret } from '../../src/lib/secret.ts'
import { contentPackets, flushPacket, textPacket } from '../../src/git/pkt-line.ts'
import { serve } from '../../src/git/process.ts'

const list = (...lines: string[]): Uint8Array => concat(...lines.map(textPacket), flushPacket())
const HELLO = concat(
  list('git-filter-client', 'version=2', 'version=42'),
  list('capability=clean', 'capability=smudge', 'capability=delay'),
)
const GREETING = concat(list('git-filter-server', 'version=2'), list('capability=clean', 'capability=smudge'))

/** A filter that turns round, and refuses a path called `bad`. */
const REVERSE = {
  async clean(path: Uint8Array | undefined, content: Secret) {
    if (path && latin1(path) === 'bad') throw new Failure('failed', 'no recipients', { hint: 'add one' })
    return content.reveal().toReversed()
  },
  async smudge(blob: Uint8Array, _path?: Uint8Array, oid?: string) {
    return oid === undefined ? undefined : Secret.fromText(`${oid} ${latin1(blob)}`)
  },
}

async function talk(input: Uint8Array): Promise<{ out: string; notes: string[] }> {
  let from = 0
  const pieces: Uint8Array[] = []
  const notes: string[] = []
  const wire = {
    read: (into: Uint8Array, at: number, length: number) => {
      const piece = input.subarray(from, from + length)
      into.set(piece, at)
      from += piece.length
      return piece.length
    },
    // A copy: the filter wipes what it has sent.
    write: (bytes: Uint8Array) => void pieces.push(bytes.slice()),
    note: (text: string) => void notes.push(text),
  }
  await serve(wire, REVERSE)
  return { out: latin1(concat(...pieces)), notes }
}

const request = (command: string, path: string, content: string, ...more: string[]): Uint8Array =>
  concat(list(`command=${command}`, `pathname=${path}`, ...more), contentPackets(utf8(content)))

const success = (content: string): string =>
  latin1(concat(list('status=success'), contentPackets(utf8(content)), flushPacket()))

test('greets, cleans, smudges, and ends with git', async () => {
  const input = concat(
    HELLO,
    request('clean', 'a', 'abc'),
    request('clean', 'empty', ''),
    request('smudge', 'b', 'xyz', 'ref=refs/heads/main', 'blob=0123'),
    request('smudge', 'b', 'xyz'),
  )
  const { out, notes } = await talk(input)
  expect(out).toBe(latin1(GREETING) + success('cba') + success('') + success('0123 xyz') + success('xyz'))
  expect(notes).toEqual([])
})

test('an error is told for its file alone', async () => {
  const { out, notes } = await talk(concat(HELLO, request('clean', 'bad', 'secret'), request('clean', 'a', 'ab')))
  expect(out).toBe(latin1(GREETING) + latin1(list('status=error')) + success('ba'))
  expect(notes).toEqual(['tvault: bad: no recipients\nhint: add one'])
})

test('what git may ask one day is an error and no end', async () => {
  const { out } = await talk(concat(HELLO, request('list_available_blobs', 'a', ''), request('clean', 'a', 'ab')))
  expect(out).toBe(latin1(GREETING) + latin1(list('status=error')) + success('ba'))
})

test('only capabilities that git offers are taken', async () => {
  const { out } = await talk(concat(list('git-filter-client', 'version=2'), list('capability=smudge')))
  expect(out).toBe(latin1(concat(list('git-filter-server', 'version=2'), list('capability=smudge'))))
})

test('git may leave before it has said anything', async () => {
  expect((await talk(new Uint8Array(0))).out).toBe('')
})

test.each([
  ['another program', list('ssh-agent', 'version=2')],
  ['another version', list('git-filter-client', 'version=3')],
  ['no packets', utf8('hello\n')],
])('%s is refused', async (_, input) => {
  await expect(talk(input)).rejects.toBeInstanceOf(Failure)
})

test('mangled conversations end, in order or in a failure', async () => {
  const whole = concat(HELLO, request('clean', 'a', 'abc'), request('smudge', 'b', 'x', 'blob=1'))
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), async (at, byte, end) => {
      const mangled = whole.slice(0, Math.max(end, 1))
      if (at < mangled.length) mangled[at] = byte
      await talk(mangled).catch((error: unknown) => expect(error).toBeInstanceOf(Failure))
    }),
    { numRuns: 1500 },
  )
})
