// Values, ways of writing them, and borders between two pieces: what the redactor is tried with, in the quick tests a
// little and in the slow ones at length.
import { Redactor } from '../../src/guard/redact.ts'
import { Secret } from '../../src/lib/secret.ts'
import { ENCODERS, redactSlowly } from '../reference/redact.ts'
import type { Planted } from '../reference/redact.ts'

/** Numbers below `most`, the same for the same seed. */
export function randomFrom(seed: number): (most: number) => number {
  let state = seed >>> 0
  return (most) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * most)
  }
}

const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const PRINTABLE = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('')
const WIDE = 'äöüßéñ→☃🔑漢字'

/** The kinds of values that people keep. Each has at least eight bytes and is no other kind's piece. */
export const KINDS: Readonly<Record<string, (below: (most: number) => number) => Buffer>> = {
  token: (below) => Buffer.from(text(below, ALPHANUMERIC, 8 + below(60))),
  password: (below) => Buffer.from(text(below, PRINTABLE, 8 + below(30))),
  words: (below) => Buffer.from(text(below, `${ALPHANUMERIC}${WIDE} `, 8 + below(20))),
  url: (below) => Buffer.from(`postgres://u${text(below, ALPHANUMERIC, 12)}:${text(below, '#%&@ab/', 9)}@db/shop?x=1`),
  pem: (below) => {
    const lines = Array.from({ length: 1 + below(5) }, () => text(below, `${ALPHANUMERIC}+/`, 64))
    return Buffer.from(`-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`)
  },
  json: (below) =>
    Buffer.from(JSON.stringify({ type: 'account', key: text(below, PRINTABLE, 20), n: below(1e9) }, undefined, 2)),
  'CR LF lines': (below) => Buffer.from(`${text(below, ALPHANUMERIC, 12)}\r\n${text(below, PRINTABLE, 14)}`),
}

function text(below: (most: number) => number, letters: string, length: number): string {
  const all = Array.from(letters)
  return Array.from({ length }, () => all[below(all.length)]).join('')
}

/** A redactor of `secrets`. */
export function redactorOf(secrets: readonly Planted[]): Redactor {
  const given = secrets.map(({ name, value }) => ({ name, value: new Secret(new Uint8Array(value)) }))
  const redactor = new Redactor(given)
  for (const { value } of given) value.wipe()
  return redactor
}

/** What comes out when `bytes` comes in, in pieces that end at `borders`. */
export function through(redactor: Redactor, bytes: Uint8Array, borders: readonly number[] = []): Buffer {
  const stream = redactor.another()
  const out: Uint8Array[] = []
  let from = 0
  for (const border of [...borders, bytes.length]) {
    // A copy, because a piece may come in memory that is used again.
    out.push(new Uint8Array(stream.push(new Uint8Array(bytes.subarray(from, border)))))
    from = border
  }
  out.push(stream.end())
  return Buffer.concat(out)
}

/** Base64 of the value between other bytes, and the characters that are its own. */
function inBase64(value: Buffer, before: number, after: number, alphabet: 'base64' | 'base64url'): [Buffer, RegExp] {
  const whole = Buffer.concat([Buffer.alloc(before, 'u:'), value, Buffer.alloc(after, '.z')]).toString(alphabet)
  const first = whole.slice(0, Math.ceil((before * 8) / 6))
  const last = whole.slice(Math.ceil(((before + value.length) * 8) / 6)).replace(/=+$/, '')
  return [Buffer.from(whole), new RegExp(`^${escaped(first)}MARK${escaped(last)}=*$`)]
}

function escaped(words: string): string {
  return words.replace(/[^A-Za-z0-9]/g, '\\$&')
}

export interface Written {
  how: string
  bytes: Buffer
  /** What must come out, with MARK where the mark is and without line ends. */
  wanted: RegExp
}

/** `value` written in every way. */
export function writings(value: Buffer): Written[] {
  const plain = Object.entries(ENCODERS).map(([how, encode]): Written => {
    return { how, bytes: encode(value), wanted: how === 'base64 of a line' ? /^MARK[\w=]{0,4}$/ : /^MARK$/ }
  })
  const inside = [0, 1, 2, 3].flatMap((before) =>
    [1, 2, 3].flatMap((after) =>
      (['base64', 'base64url'] as const).map((alphabet): Written => {
        const [bytes, wanted] = inBase64(value, before, after, alphabet)
        return { how: `${alphabet} after ${before} and before ${after} bytes`, bytes, wanted }
      }),
    ),
  )
  return [...plain, ...inside]
}

/** What is wrong when `written`, between other words, goes through in two pieces; undefined when nothing is. */
export function fault(
  redactor: Redactor,
  name: string,
  { bytes, wanted, how }: Written,
  at: number,
): string | undefined {
  const whole = Buffer.concat([Buffer.from('out: '), bytes, Buffer.from(' .\n')])
  const shown = through(redactor, whole, [at])
    .toString('latin1')
    .replace(/[\r\n]/g, '')
  const mark = `[REDACTED:${name}]`
  const inner = /^out: (.*) \.$/s.exec(shown)?.[1]
  if (inner !== undefined && !inner.includes('MARK') && wanted.test(inner.replace(mark, 'MARK'))) return undefined
  return `${how}, border at ${at}: ${JSON.stringify(whole.toString('latin1'))} came out as ${JSON.stringify(shown)}`
}

const GAPS = ['\u001b[1m', '\r\n', '\u001b[38;5;12m', '\n', '\u001b]0;x\u0007']

/**
 * Texts of `rounds` mixtures of values that overlap, whole, cut and torn apart, for which the redactor and the slow
 * reader do not agree, in one piece or in many.
 */
export function differences(seed: number, rounds: number): string[] {
  const below = randomFrom(seed)
  const pick = <T>(all: readonly T[]): T => all[below(all.length)]!
  const base = KINDS['token']!(below)
  const secrets: Planted[] = [
    { name: 'A', value: base },
    { name: 'B', value: base.subarray(2, 2 + Math.max(4, below(12))) },
    { name: 'C', value: Buffer.concat([base.subarray(-5), KINDS['token']!(below)]) },
    { name: 'D', value: KINDS['password']!(below) },
    { name: 'E', value: pick(Object.values(KINDS))(below) },
    { name: 'F', value: Buffer.from(`80${10 + below(90)}`) },
  ]
  const [redactor, slowly] = [redactorOf(secrets), redactSlowly(secrets)]
  const torn = (form: Buffer): Buffer => {
    const parts = Array.from(form.toString('latin1'), (c) => (/[\r\n]/.test(c) || below(4) > 0 ? c : c + pick(GAPS)))
    return Buffer.from(parts.join(''), 'latin1')
  }
  return Array.from({ length: rounds }, () => {
    const parts = Array.from({ length: 3 }, () => {
      const form = pick(Object.values(ENCODERS))(pick(secrets).value)
      const cut = below(3) === 0 ? form.subarray(below(3), form.length - below(3)) : form
      return Buffer.concat([below(3) === 0 ? torn(cut) : cut, Buffer.from(pick(['', '', ' ', '\n', '. ', '=']))])
    })
    const text = Buffer.concat(parts)
    const wanted = slowly(text).toString('latin1')
    const borders: number[] = []
    for (let at = 1 + below(9); at < text.length; at += 1 + below(9)) borders.push(at)
    return [[], borders].flatMap((places) => {
      const shown = through(redactor, text, places).toString('latin1')
      if (shown === wanted) return []
      return [`seed ${seed}: ${JSON.stringify(text.toString('latin1'))} came out as ${JSON.stringify(shown)}`]
    })
  }).flat()
}
