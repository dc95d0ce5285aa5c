// The redactor's speed on output without values, which is nearly all output: 1,000 values in all forms. What it
// finds is checked first, because a redactor that looks for nothing is fast. `bun bench/redact.ts` runs it alone.
import { Redactor } from '../src/guard/redact.ts'
import { Secret } from '../src/lib/secret.ts'
import { ENCODERS } from '../test/reference/redact.ts'
import { load, table, withRatios } from './harness.ts'
import type { Row } from './harness.ts'

const VALUES = 1000
const CHUNK_BYTES = 65_536
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Numbers below `most`, the same in every run (a linear congruential generator of 31 bits). */
function randomFrom(seed: number): (most: number) => number {
  let state = seed
  return (most) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return Math.floor((state / 0x80000000) * most)
  }
}

const below = randomFrom(20_261_125)
const token = (length: number): string => Array.from({ length }, () => LETTERS[below(LETTERS.length)]).join('')

const WORDS =
  'the request to server returned status error while connecting upstream timeout user session started GET POST 200 404 level=info msg= duration trace_id /api/v1/items'.split(
    ' ',
  )

/** About `bytes` bytes of a log: words, some tokens and hashes, lines of 20 to 200 characters. */
function log(bytes: number, lineEnd: string, coloured: boolean): Uint8Array {
  const lines: string[] = []
  for (let size = 0; size < bytes;) {
    const words = Array.from({ length: 2 + below(22) }, () => {
      const word = WORDS[below(WORDS.length)] ?? ''
      const kind = below(20)
      return kind === 0
        ? `${word}=${token(12)}`
        : kind === 1
          ? Buffer.from(Array.from({ length: 10 }, () => below(256))).toString('hex')
          : word
    })
    const stamp = `2026-11-24T10:${10 + below(50)}:${10 + below(50)}Z`
    const line = `${coloured ? `\u001b[2m${stamp}\u001b[0m` : stamp} ${words.join(' ')}${lineEnd}`
    lines.push(line)
    size += line.length
  }
  return Buffer.from(lines.join(''))
}

/** Throws when a value is not found in one of its forms, or when a log is not passed on as it is. */
function check(redactor: Redactor, values: readonly string[], logs: Readonly<Record<string, Uint8Array>>): void {
  for (const [number, value] of values.entries()) {
    for (const [name, encode] of Object.entries(ENCODERS)) {
      const stream = redactor.another()
      const text = Buffer.concat([Buffer.from('x: '), encode(Buffer.from(value)), Buffer.from(' .')])
      const out = Buffer.concat([stream.push(text), stream.end()]).toString()
      // What is around a value may be encoded with it; its last characters stay.
      const [before, after, ...more] = out.split(`[REDACTED:KEY_${number}]`)
      if (before !== 'x: ' || after === undefined || !/^[\w=\r\n]{0,4} \.$/.test(after) || more.length > 0)
        throw new Error(`value ${number} as ${name} came out as ${out}`)
    }
  }
  for (const [name, text] of Object.entries(logs)) {
    if (Buffer.compare(Buffer.concat([...pass(redactor, text)]), text) !== 0) throw new Error(`${name} was changed`)
  }
}

function* pass(redactor: Redactor, text: Uint8Array): Generator<Uint8Array> {
  const stream = redactor.another()
  for (let at = 0; at < text.length; at += CHUNK_BYTES) yield stream.push(text.subarray(at, at + CHUNK_BYTES)).slice()
  yield stream.end()
}

/** MiB/s of processor time, which a busy machine disturbs less than the clock. */
function speed(redactor: Redactor, text: Uint8Array): number {
  const before = process.cpuUsage()
  for (let at = 0, stream = redactor.another(); at < text.length; at += CHUNK_BYTES) {
    stream.push(text.subarray(at, at + CHUNK_BYTES))
    if (at + CHUNK_BYTES >= text.length) stream.end()
  }
  const { user, system } = process.cpuUsage(before)
  return text.length / 1_048_576 / ((user + system) / 1e6)
}

/** Rows for 1,000 values of 16 to 64 characters, and of 8, over several kinds of logs. */
export function redaction(runs: number): Row[] {
  const bytes = 8 * 1_048_576
  const logs = {
    'log lines': log(bytes, '\n', false),
    'log lines, CR LF': log(bytes, '\r\n', false),
    'log lines, coloured': log(bytes / 4, '\r\n', true),
  }
  return [16, 8].flatMap((least) => {
    const values = Array.from({ length: VALUES }, (_, i) => token(least + (least === 8 ? 0 : i % 49)))
    const before = performance.now()
    const secrets = values.map((value, i) => ({ name: `KEY_${i}`, value: Secret.fromText(value) }))
    const redactor = new Redactor(secrets)
    const built = performance.now() - before
    check(redactor, values, logs)
    const rows = Object.entries(logs).map(([name, text]): Row => {
      const rates = Array.from({ length: runs }, () => speed(redactor, text)).toSorted((a, b) => b - a)
      const median = rates[rates.length >> 1] ?? Number.NaN
      const bench = `redact, ${VALUES} values of ${least} and more`
      return { bench, name, unit: 'MiB/s', best: rates[0] ?? Number.NaN, median, ratio: 1, runs }
    })
    const tables: Row = {
      bench: rows[0]?.bench ?? '',
      name: 'build tables',
      unit: 'ms',
      best: built,
      median: built,
      ratio: 1,
      runs: 1,
    }
    return [...withRatios(rows), tables]
  })
}

if (import.meta.main) {
  console.log(table(redaction(process.argv.includes('--quick') ? 3 : 60)))
  console.log(load())
}
