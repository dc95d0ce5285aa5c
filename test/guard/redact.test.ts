// Taking values out of a stream: every form, at every border; what is held back and what is not; what cannot be hidden.
import { describe, expect, test } from 'bun:test'
import { Redactor } from '../../src/guard/redact.ts'
import { formsOf } from '../../src/guard/redact-forms.ts'
import { Table } from '../../src/guard/redact-table.ts'
import { Secret } from '../../src/lib/secret.ts'
import { ENCODERS, redactSlowly } from '../reference/redact.ts'
import { differences, fault, KINDS, randomFrom, redactorOf, through, writings } from './probes.ts'

const TOKEN = 'sk_live_4eC39HqLyjWDarjtT1zdp7dc'
const bytes = (text: string): Buffer => Buffer.from(text)
const planted = (values: Record<string, string>) =>
  Object.entries(values).map(([name, value]) => ({ name, value: bytes(value) }))
const redact = (values: Record<string, string>, text: string, borders: number[] = []): string =>
  through(redactorOf(planted(values)), bytes(text), borders).toString()

describe('what is found', () => {
  const values = Object.values(KINDS).map((make) => make(randomFrom(7)))
  const tried = values.map((value) => ({ redactor: redactorOf([{ name: 'KEY', value }]), ways: writings(value) }))

  test.each(Object.keys(ENCODERS))('%s', (how) => {
    for (const { redactor, ways } of tried) {
      const written = ways.find((one) => one.how === how)!
      for (let at = 0; at < 12; at++) expect(fault(redactor, 'KEY', written, at)).toBeUndefined()
    }
  })

  test('every way of writing, with a border anywhere', () => {
    const below = randomFrom(20)
    for (const [kind, make] of Object.entries(KINDS)) {
      const value = make(below)
      const redactor = redactorOf([{ name: 'KEY', value }])
      for (const written of writings(value)) {
        const found = fault(redactor, 'KEY', written, below(written.bytes.length + 8))
        expect([kind, found]).toEqual([kind, undefined])
      }
    }
  })

  test('one byte at a time', () => {
    for (const encode of Object.values(ENCODERS)) {
      const text = Buffer.concat([bytes('<'), encode(bytes(TOKEN)), bytes('>\n')])
      const every = Array.from({ length: text.length }, (_, i) => i)
      expect(redact({ KEY: TOKEN }, text.toString(), every).replace(/[\r\n]/g, '')).toMatch(
        /^<\[REDACTED:KEY\].{0,4}>$/,
      )
    }
  })

  test('the same as a slow reader finds, whatever the pieces', () => {
    for (let seed = 1; seed <= 3; seed++) expect(differences(seed, 6)).toEqual([])
  })

  test('the same also where - stands as + and _ as /, which it may in every form', () => {
    const values = {
      WORD: 'uVK_NVS/?x7i$O>',
      PEM: '-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\n-----END KEY-----\n',
    }
    const shown = (text: string): string => {
      expect(redactSlowly(planted(values))(bytes(text)).toString()).toBe(redact(values, text))
      return redact(values, text)
    }
    // The + at the end of WORD is the - that was cut off PEM; the escape that was cut at its other end is the line end.
    const cut = encodeURIComponent(values.PEM).slice(1, -1)
    expect(shown(`${btoa(values.WORD)}\n${cut}. `)).toBe('[REDACTED:WORD][REDACTED:PEM]%0. ')
    expect(shown(`${cut}. `)).toBe('----BEGIN%20KEY-----%0A[REDACTED:PEM]%0A-----END%20KEY-----%0. ')
    expect(shown('uVK/NVS_?x7i$O>')).toBe('[REDACTED:WORD]')
  })

  test('values between colours, struck over, and drawn in pieces', () => {
    const pieces = (by: string) => Array.from(TOKEN).join(by)
    const coloured = redact({ KEY: TOKEN }, `a${pieces('\u001b[0m\u001b[31m')}b`)
    expect(coloured.replaceAll('\u001b', '^')).toMatch(/^a\[REDACTED:KEY\](\^\[[0-9]*m)+b$/)
    expect(redact({ KEY: TOKEN }, pieces('\u001b[12;40H'))).toStartWith('[REDACTED:KEY]\u001b[12;40H')
    expect(redact({ KEY: TOKEN }, pieces('\0'))).toBe('[REDACTED:KEY]')
    expect(redact({ KEY: TOKEN }, Array.from(TOKEN, (c) => `${c}\b${c}`).join(''))).toBe('s\b[REDACTED:KEY]')
    expect(redact({ KEY: TOKEN }, `${TOKEN.slice(0, 9)}x\b \b${TOKEN.slice(9)}`)).not.toContain('WDarjt')
    expect(redact({ KEY: TOKEN }, `\u001b]0;${TOKEN}\u0007`)).toBe('\u001b]0;[REDACTED:KEY]\u0007')
  })

  test('a value that looks like the rest of an escape sequence', () => {
    expect(redact({ KEY: `31m${TOKEN}` }, `\u001b[31m${TOKEN}`)).toBe('\u001b[[REDACTED:KEY]')
    // The same where more colours follow, so that it is not at the end of what is looked at as it is.
    const more = ' and \u001b[0m more'
    expect(redact({ KEY: `31m${TOKEN}` }, `\u001b[31m${TOKEN}${more}`)).toBe(`\u001b[[REDACTED:KEY]${more}`)
    expect(redact({ KEY: TOKEN }, `\u001b]0;${TOKEN}\u0007${more}`)).toBe(`\u001b]0;[REDACTED:KEY]\u0007${more}`)
    expect(redact({ KEY: TOKEN }, `\u001b]0;x${TOKEN}y\u001b\\${more}`)).toBe(
      `\u001b]0;x[REDACTED:KEY]y\u001b\\${more}`,
    )
    expect(redact({ KEY: TOKEN }, `\u001b[0m${TOKEN}\u001b[1m${more}`)).toBe(`\u001b[0m[REDACTED:KEY]\u001b[1m${more}`)
  })

  test('a value that holds an escape, a backspace or a NUL itself', () => {
    for (const sign of ['\u001b', '\b', '\0']) {
      const value = `${TOKEN.slice(0, 12)}${sign}${TOKEN.slice(12)}`
      expect(redact({ KEY: value }, `\u001b[1m<${value}>\u001b[0m`)).toContain('<[REDACTED:KEY]>')
    }
  })

  test('lines of a value by themselves, also indented, but not the frame of a PEM block', () => {
    const pem = '-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEA\n-----END KEY-----\n'
    const shown = redact({ PEM: pem }, '    MIIEvQIBADANBgkqhkiG9w0B\n-----BEGIN KEY-----\n  AQEFAASCBKcwggSjAgEA')
    expect(shown).toBe('    [REDACTED:PEM]\n-----BEGIN KEY-----\n  [REDACTED:PEM]')
    expect(redact({ PEM: pem }, `x ${pem.replaceAll('\n', '\r\n')}y`)).toBe('x [REDACTED:PEM]\r\ny')
    expect(redact({ PEM: pem }, `"${pem.replaceAll('\n', '\\n')}"`)).toBe('"[REDACTED:PEM]"')
  })

  test('a value inside another, at both ends and on its own (C7)', () => {
    const values = { SUB: 'live_4eC39Hq', WHOLE: TOKEN, END: 'T1zdp7dcNEXT' }
    for (const order of [values, Object.fromEntries(Object.entries(values).toReversed())]) {
      expect(redact(order, `${TOKEN} live_4eC39Hq.`)).toBe('[REDACTED:WHOLE] [REDACTED:SUB].')
      expect(redact(order, `${TOKEN}NEXT`)).toBe('[REDACTED:WHOLE][REDACTED:END]')
      expect(redact(order, `live_4eC39Hq${TOKEN}`)).toBe('[REDACTED:SUB][REDACTED:WHOLE]')
    }
  })

  test('marks are not looked into, and equal values have the first name', () => {
    expect(redact({ A: 'REDACTED', B: TOKEN }, `REDACTED ${TOKEN}`)).toBe('[REDACTED:A] [REDACTED:B]')
    expect(redact({ FIRST: TOKEN, SECOND: TOKEN }, TOKEN)).toBe('[REDACTED:FIRST]')
  })

  test('what a shell and its tools make of it (test/slow/redact-tools.slow.ts has more)', () => {
    for (const value of [
      `zqxk'vjw"pml $HOME \`zqxk\` \\vjw &<>;|*?[vjw]{}~#!% =,:/+(vjw)@^`,
      'zqxkvjw zqxk\n"vjw"\tpmlzqxk\n',
    ]) {
      const script =
        'printf "%q\n" "$V"; echo "${V@Q}" "${V^^}"; declare -p V; set | grep -a -A3 ^V=; echo "$V" | base64 -w 20; ' +
        'printf "user:%s" "$V" | base64; printf %s "$V" | fold -w 9; env -0'
      const { stdout } = Bun.spawnSync(['bash', '-c', script], { env: { PATH: process.env['PATH']!, V: value } })
      const shown = through(redactorOf([{ name: 'KEY', value: bytes(value) }]), stdout).toString()
      expect(shown.split('[REDACTED:KEY]').length - 1).toBe(9)
      expect(shown).not.toMatch(/zqxk|vjw|pml/i)
    }
  })

  test('bytes that are no text', () => {
    const value = Buffer.from([0xff, 0xfe, 0x80, 0x41, 0xc3, 0x28, 0xe2, 0x82, 0x1b, 0x5b])
    const redactor = redactorOf([{ name: 'KEY', value }])
    for (const how of ['raw', 'hex', 'base64', 'percent, all', 'reversed']) {
      const written = writings(value).find((one) => one.how === how)!
      for (let at = 0; at <= written.bytes.length; at++) expect(fault(redactor, 'KEY', written, at)).toBeUndefined()
    }
  })
})

describe('what is left alone', () => {
  test('everything else, byte for byte', () => {
    const redactor = redactorOf(planted({ KEY: TOKEN, OTHER: 'correct horse battery' }))
    const noise = Buffer.from(Array.from({ length: 50_000 }, (_, i): number => (i * i * 31 + (i >> 3)) & 255))
    expect(through(redactor, noise, [1, 2, 77, 4096, 30_000])).toEqual(noise)
  })

  test('a value that is not complete, and its neighbours', () => {
    const text = `${TOKEN.slice(0, -1)} ${TOKEN.slice(1)}`
    expect(redact({ KEY: TOKEN }, text, [5, 20, 40])).toBe(text)
  })

  test('without values nothing is changed or held', () => {
    const stream = new Redactor([])
    expect(Buffer.from(stream.push(bytes('hello'))).toString()).toBe('hello')
    expect(stream.held).toBe(0)
    expect(stream.end()).toHaveLength(0)
  })

  test('the memory of the caller', () => {
    const secret = Secret.fromText(TOKEN)
    const buffer = Buffer.from(secret.reveal().buffer as ArrayBuffer)
    const redactor = new Redactor([{ name: 'KEY', value: new Secret(buffer) }])
    const chunk = bytes(`${TOKEN} and ${TOKEN.slice(0, 9)}`)
    const before = Buffer.from(chunk).toString('latin1')
    redactor.push(chunk)
    redactor.push(bytes('xx'))
    redactor.end()
    expect(chunk.toString('latin1')).toBe(before)
    expect(buffer.toString('latin1')).toBe(TOKEN)
  })
})

describe('what is held back', () => {
  const stream = () => redactorOf(planted({ KEY: TOKEN }))

  test('nothing, when nothing can come of it', () => {
    for (const words of ['Password: ', 'ready>', '\u001b[1;32m$\u001b[0m ', 'sk_love', 'line\n']) {
      const redactor = stream()
      expect(Buffer.from(redactor.push(bytes(words))).toString()).toBe(words)
      expect(redactor.held).toBe(0)
    }
  })

  test('the beginning of a form, until it is known what it is', () => {
    const redactor = stream()
    expect(Buffer.from(redactor.push(bytes('key sk_liv'))).toString()).toBe('key ')
    expect(redactor.held).toBe(6)
    expect(Buffer.from(redactor.push(bytes('id.'))).toString()).toBe('sk_livid.')
    expect(Buffer.from(redactor.push(bytes(TOKEN))).toString()).toBe('[REDACTED:KEY]')
    expect(Buffer.from(redactor.push(bytes(TOKEN.slice(0, 12)))).toString()).toBe('')
    expect(Buffer.from(redactor.end()).toString()).toBe(TOKEN.slice(0, 12))
  })

  test('a few bytes are shown to somebody who waits, and no more', () => {
    for (const [value, most] of [
      [TOKEN, 8],
      [TOKEN.slice(0, 23), 5],
    ] as const) {
      for (let size = 1; size < value.length; size++) {
        const redactor = redactorOf(planted({ KEY: value }))
        redactor.push(bytes(value.slice(0, size)))
        const shown = Buffer.from(redactor.pause()).toString()
        expect(shown).toBe(size <= most ? value.slice(0, size) : '')
        expect(redactor.pause()).toHaveLength(0)
        expect(Buffer.from(redactor.push(bytes(`${value.slice(size)}.`))).toString()).toBe('[REDACTED:KEY].')
      }
    }
    const short = redactorOf(planted({ PIN: '7391' }))
    short.push(bytes('73'))
    expect(short.pause()).toHaveLength(0)
  })

  test('a whole value inside the beginning of a longer one is not shown', () => {
    const redactor = redactorOf(planted({ LONG: `pin-7391${TOKEN}`, PIN: '7391' }))
    expect(redactor.push(bytes('pin-7391'))).toHaveLength(0)
    expect(Buffer.from(redactor.pause()).toString()).toBe('pin-')
    expect(Buffer.from(redactor.push(bytes('!'))).toString()).toBe('[REDACTED:PIN]!')
  })

  test('what was shown stays shown when it was nothing', () => {
    const redactor = stream()
    redactor.push(bytes('s'))
    expect(Buffer.from(redactor.pause()).toString()).toBe('s')
    expect(Buffer.from(redactor.push(bytes('ee you'))).toString()).toBe('ee you')
  })

  test('never more than the longest form', () => {
    const redactor = stream()
    const { span } = new Table(formsOf(bytes(TOKEN)).map((form) => ({ ...form, owner: 0 })))
    for (const encode of Object.values(ENCODERS)) {
      for (const byte of Buffer.concat([encode(bytes(TOKEN)).subarray(0, -1), bytes(' ')])) {
        redactor.push(Uint8Array.of(byte))
        expect(redactor.held).toBeLessThanOrEqual(span)
      }
    }
  })
})

describe('what cannot be hidden by replacing it', () => {
  test('short and guessable values are named, and only these', () => {
    const values = { PORT: '8080', ON: 'y', MODE: 'production', DASHES: '------------', EMPTY: '', KEY: TOKEN }
    const redactor = redactorOf(planted({ ...values, WEAK: 'password1', LONG: 'quite-7-Long-enough' }))
    expect(redactor.unsafe()).toEqual([
      { name: 'PORT', reason: 'short', replaced: true },
      { name: 'ON', reason: 'short', replaced: false },
      { name: 'MODE', reason: 'guessable', replaced: true },
      { name: 'DASHES', reason: 'short', replaced: false },
      { name: 'WEAK', reason: 'guessable', replaced: true },
    ])
    expect(redactor.unsafe(['KEY', 'ON']).map(({ name }) => name)).toEqual(['ON'])
    expect(through(redactor, bytes('port 8080, yes, ------------ Production')).toString()).toBe(
      'port [REDACTED:PORT], yes, ------------ [REDACTED:MODE]',
    )
  })

  test('a number of digits that a loop prints is unsafe (B4)', () => {
    expect(redactorOf(planted({ PIN: '7391' })).unsafe()).toHaveLength(1)
    expect(redactorOf(planted({ CARD: '12345678' })).unsafe()).toHaveLength(1)
  })
})

describe('the tables', () => {
  test('are shared, and wiped when the last stream has ended', () => {
    const first = redactorOf(planted({ KEY: TOKEN }))
    const second = first.another()
    first.end()
    expect(Buffer.from(second.push(bytes(TOKEN))).toString()).toBe('[REDACTED:KEY]')
    expect(second.redactions).toBe(1)
    second.end()
    expect(() => second.push(bytes('x'))).toThrow()
    expect(() => second.another()).toThrow()
  })

  test('find nothing once they are wiped', () => {
    const table = new Table(formsOf(bytes(TOKEN)).map((form) => ({ ...form, owner: 0 })))
    const count = () => {
      const found = { starts: [], ends: [], owners: [] }
      table.scan(bytes(TOKEN), found)
      return found.starts.length
    }
    expect(count()).toBe(1)
    table.wipe()
    expect(count()).toBe(0)
  })

  test('the slow reader sees what it should', () => {
    expect(redactSlowly(planted({ KEY: TOKEN }))(bytes(`a ${TOKEN} b`)).toString()).toBe('a [REDACTED:KEY] b')
  })
})
