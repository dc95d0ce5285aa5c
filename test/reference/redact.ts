// Redaction as one would say it in a sentence, with a regular expression for every form, tried at every place. Slow
// on purpose, and made of other people's encoders: a second opinion for src/guard/redact.ts.

export interface Planted {
  name: string
  value: Buffer
}

/** What may not stand in a JSON string as it is. */
// oxlint-disable-next-line no-control-regex
const NEEDING = /["\\\0-\x1f]/g

/** Ways in which a program may write a value; each takes and gives bytes. Text encoders need a value that is UTF-8. */
export const ENCODERS: Readonly<Record<string, (value: Buffer) => Buffer>> = {
  raw: (value) => value,
  upper: (value) => cased(value, (c) => c.toUpperCase()),
  lower: (value) => cased(value, (c) => c.toLowerCase()),
  'mixed case': (value) => cased(value, (c, i) => (i % 2 ? c.toUpperCase() : c.toLowerCase())),
  reversed: (value) => Buffer.from(value.toReversed()),
  'reversed characters': (value) => Buffer.from(Array.from(value.toString()).toReversed().join('')),
  hex: (value) => Buffer.from(value.toString('hex')),
  HEX: (value) => Buffer.from(value.toString('hex').toUpperCase()),
  base64: (value) => Buffer.from(value.toString('base64')),
  'base64 without padding': (value) => Buffer.from(value.toString('base64').replace(/=+$/, '')),
  base64url: (value) => Buffer.from(value.toString('base64url')),
  'base64url with padding': (value) => Buffer.from(value.toString('base64').replaceAll('+', '-').replaceAll('/', '_')),
  'base64 of a line': (value) => Buffer.from(Buffer.concat([value, Buffer.from('\n')]).toString('base64')),
  'percent, all': (value) => Buffer.from(value.toString('hex').replace(/../g, '%$&')),
  'PERCENT, ALL': (value) => Buffer.from(value.toString('hex').toUpperCase().replace(/../g, '%$&')),
  encodeURIComponent: (value) => Buffer.from(encodeURIComponent(value.toString())),
  'encodeURIComponent, lower': (value) =>
    Buffer.from(encodeURIComponent(value.toString()).replace(/%../g, (x) => x.toLowerCase())),
  encodeURI: (value) => Buffer.from(encodeURI(value.toString())),
  form: (value) => Buffer.from(new URLSearchParams({ x: value.toString() }).toString().slice(2)),
  json: (value) => Buffer.from(JSON.stringify(value.toString()).slice(1, -1)),
  'json, ascii': (value) =>
    Buffer.from(
      JSON.stringify(value.toString())
        .slice(1, -1)
        .replace(/[^\0-\x7f]/g, unicode),
    ),
  'json, all u': (value) => Buffer.from(value.toString().replace(NEEDING, unicode)),
  'json, ascii, all u': (value) =>
    Buffer.from(
      value
        .toString()
        .replace(NEEDING, unicode)
        .replace(/[^\0-\x7f]/g, unicode),
    ),
  'json for html': (value) =>
    Buffer.from(
      JSON.stringify(value.toString())
        .slice(1, -1)
        .replace(/[<>&\u2028\u2029]/g, unicode),
    ),
  'json with \\/': (value) => Buffer.from(JSON.stringify(value.toString()).slice(1, -1).replaceAll('/', '\\/')),
  'json in json': (value) => Buffer.from(JSON.stringify(JSON.stringify(value.toString()).slice(1, -1)).slice(1, -1)),
  "inside '…'": (value) => latin(value, (text) => text.replaceAll("'", "'\\''")),
  "inside '…', \"'\"": (value) => latin(value, (text) => text.replaceAll("'", `'"'"'`)),
  'inside "…"': (value) => latin(value, (text) => text.replace(/[$`"\\]/g, '\\$&')),
  'CR LF': (value) => latin(value, (text) => text.replace(/\r?\n/g, '\r\n')),
  'base64 of CR LF': (value) => Buffer.from(ENCODERS['CR LF']!(value).toString('base64')),
  'hex of CR LF': (value) => Buffer.from(ENCODERS['CR LF']!(value).toString('hex')),
  'json of CR LF': (value) => Buffer.from(JSON.stringify(ENCODERS['CR LF']!(value).toString()).slice(1, -1)),
  'wrapped base64': (value) => Buffer.from(value.toString('base64').replace(/.{76}/g, '$&\n')),
  'wrapped hex': (value) => Buffer.from(value.toString('hex').replace(/.{60}/g, '$&\n')),
  'wrapped at 7': (value) => latin(value, (text) => text.replace(/[^\r\n]{7}/g, '$&\r\n')),
}

/** Only what changes case, and only of ASCII. */
function cased(value: Buffer, change: (c: string, index: number) => string): Buffer {
  return latin(value, (text) => text.replace(/[A-Za-z]/g, (c, index: number) => change(c, index)))
}

function latin(value: Buffer, change: (text: string) => string): Buffer {
  return Buffer.from(change(value.toString('latin1')), 'latin1')
}

function unicode(character: string): string {
  return Array.from({ length: character.length }, (_, i) => {
    return `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`
  }).join('')
}

const SEQUENCE = '\\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\\x07\\x1b\\n]*(?:\\x07|\\x1b\\\\)|[ -/]*[0-Z\\\\^-~])'
const GAP = `(?:[\\r\\n]|${SEQUENCE})*`

/** One regular expression for `form`: any spelling, line ends and escape sequences between any two bytes. */
function patternOf(form: Buffer, open: boolean): RegExp {
  const parts = Array.from(form.toString('latin1'))
    .filter((c) => c !== '\r' && c !== '\n')
    .map(spellings)
  const tail = open ? `(?:${GAP}[A-Za-z0-9+/_-](?:${GAP}=){0,2})?` : ''
  return new RegExp(parts.join(GAP) + tail, 'y')
}

/**
 * What counts as `c`: either case, and of + and - and of / and _ the one that stands for it in the other alphabet of
 * base64. In every form and not in base64 alone, as the redactor has it: one rule for all forms, under which more is
 * replaced and nothing less.
 */
function spellings(c: string): string {
  if (/[A-Za-z]/.test(c)) return `[${c.toLowerCase()}${c.toUpperCase()}]`
  if (/[-+]/.test(c)) return '[-+]'
  return /[/_]/.test(c) ? '[/_]' : `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`
}

/** Base64 of `value` after `before` bytes of something else: the characters that are all its own. */
function cores(value: Buffer): { form: Buffer; open: boolean }[] {
  return [0, 1, 2].map((before) => {
    const characters = Buffer.concat([Buffer.alloc(before), value]).toString('base64')
    const bits = (before + value.length) * 8
    return {
      form: Buffer.from(characters.slice(Math.ceil((before * 8) / 6), Math.floor(bits / 6))),
      open: bits % 6 !== 0,
    }
  })
}

function patterns(secrets: readonly Planted[]): { name: string; pattern: RegExp }[] {
  return secrets.flatMap(({ name, value }) => {
    const trimmed = Buffer.from(value.toString('latin1').replace(/[\r\n]+$/, ''), 'latin1')
    const lines = value
      .toString('latin1')
      .split('\n')
      .map((line) => Buffer.from(line.replace(/^[ \t\r]+|[ \t\r]+$/g, ''), 'latin1'))
      .filter((line) => line.length >= 8 && !line.toString().startsWith('-----'))
    return [value, trimmed, ...(value.includes(10) ? lines : [])].flatMap((text) => {
      const whole = Object.entries(ENCODERS)
        .filter(([encoder]) => !encoder.includes('base64') && (text.length >= 6 || !encoder.startsWith('reversed')))
        .map(([, encode]) => ({ form: encode(text), open: false }))
      const kinds = [text, ENCODERS['CR LF']!(text)]
      const base64 = kinds.flatMap(cores)
      return [...whole, ...base64.filter(({ form }) => form.length >= 7)]
        .filter(({ form }) => form.length >= 4)
        .map(({ form, open }) => ({ name, pattern: patternOf(form, open) }))
    })
  })
}

/** `text` with the values of `secrets` replaced: leftmost first, of those the longest; what overlaps is replaced too. */
export function redactSlowly(secrets: readonly Planted[]): (text: Buffer) => Buffer {
  const known = patterns(secrets)
  return (text) => {
    const characters = text.toString('latin1')
    let [out, done] = ['', 0]
    for (let at = 0; at < characters.length; at++) {
      let [end, owner] = [done, '']
      for (const { name, pattern } of known) {
        pattern.lastIndex = at
        if (!pattern.test(characters) || pattern.lastIndex <= end) continue
        ;[end, owner] = [pattern.lastIndex, name]
      }
      if (owner !== '') {
        const covered = characters.slice(Math.max(at, done), end)
        out += `[REDACTED:${owner}]${[...covered.matchAll(new RegExp(SEQUENCE, 'g'))].join('')}`
        done = end
      } else if (at >= done) out += characters[at]
      if (at >= done) done = at + 1
    }
    return Buffer.from(out, 'latin1')
  }
}
