// What we print, read back by our parser, by a real shell and, when its binary is here, by TinyVault 0.23.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { concat, utf8 } from '../../src/lib/bytes.ts'
import { parseDotenv } from '../../src/formats/dotenv.ts'
import { printDotenv } from '../../src/formats/dotenv-print.ts'
import { printShell } from '../../src/formats/shell.ts'
import { anyKey, anyValue, printables, shellValue, shown } from './values.ts'

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tvault-formats-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Sources `script` with `shell -c`, prints `$NAME` for each name, NUL-separated, and gives the values. */
function sourced(shell: string, script: Uint8Array, names: readonly string[]): Uint8Array[] {
  const file = join(directory, 'sourced')
  writeFileSync(file, script)
  const print = names.map((name) => `printf '%s\\0' "$${name}"`).join('; ')
  const child = Bun.spawnSync([shell, '-c', `. "$0"; ${print}`, file], {
    env: { PATH: '/usr/bin:/bin', HOME: '/nowhere' },
  })
  expect(child.stderr.toString()).toBe('')
  expect(child.exitCode).toBe(0)
  const out: Uint8Array[] = []
  let from = 0
  for (const name of names) {
    const end = child.stdout.indexOf(0, from)
    if (end === -1) throw new Error(`no value for ${name}`)
    out.push(new Uint8Array(child.stdout.subarray(from, end)))
    from = end + 1
  }
  return out
}

/** The binary of TinyVault 0.23, which `npm test` and the benches fetch. */
function peerBinary(): string | undefined {
  const folder = join(import.meta.dir, '..', '..', '.bench', 'peer', 'node_modules', '@thelacanians')
  const fetched = join(folder, `tinyvault-${process.platform}-${process.arch}`, 'bin', 'tvault')
  return existsSync(fetched) ? fetched : undefined
}

/** What a shell makes of a value that only the form with `\n` can carry (form 3 with a line end). */
function asShellSees(value: Uint8Array): Uint8Array {
  const form3 = value.includes(0x0a) && !value.includes(0x24) && !value.includes(0x60)
  if (!form3) return value
  return concat(
    ...[...value].map((byte) => (byte === 0x0a ? utf8('\\n') : byte === 0x0d ? utf8('\\r') : new Uint8Array([byte]))),
  )
}

describe('printed dotenv', () => {
  test('our parser reads back every value, byte for byte', () => {
    fc.assert(
      fc.property(fc.dictionary(anyKey, anyValue, { maxKeys: 5, noNullPrototype: true }), (values) => {
        const { entries, notes } = parseDotenv(printDotenv(printables(values)).reveal())
        expect(notes).toEqual([])
        expect(Object.fromEntries(entries.map((e) => [e.key, [...e.value.reveal()]]))).toEqual(
          Object.fromEntries(Object.entries(values).map(([key, value]) => [key, [...value]])),
        )
      }),
      { numRuns: 3000 },
    )
  })

  test('every single byte, alone and between letters', () => {
    for (let byte = 0; byte < 256; byte++) {
      for (const value of [[byte], [0x61, byte], [byte, 0x61], [0x27, byte, 0x24], [0x0a, byte]]) {
        const [entry] = parseDotenv(printDotenv(printables({ K: new Uint8Array(value) })).reveal()).entries
        expect([...entry!.value.reveal()]).toEqual(value)
      }
    }
  })

  test('the four forms', () => {
    const printed = printables({
      A: 'a:b/c=1',
      B: 'two words',
      C: 'it\nis',
      D: "it's $5",
      E: '$a\nb',
      F: '',
      G: "it's",
    })
    expect(shown(printDotenv(printed))).toBe(
      `A=a:b/c=1\nB='two words'\nC="it\\nis"\nD="it's \\$5"\nE='$a\nb'\nF=\nG="it's"\n`,
    )
  })

  test.each(['dash', 'bash'])('%s sources it, runs nothing, and reads the value or, for line ends, \\n', (shell) => {
    if (Bun.which(shell) === null) return console.log(`  ${shell} is not here: not compared`)
    fc.assert(
      fc.property(fc.array(shellValue, { minLength: 40, maxLength: 40 }), (values) => {
        const named = Object.fromEntries(values.map((value, i) => [`K${i}`, value]))
        const read = sourced(shell, printDotenv(printables(named)).reveal(), Object.keys(named))
        expect(read.map((value) => [...value])).toEqual(values.map((value) => [...asShellSees(value)]))
      }),
      { numRuns: 25 },
    )
  })

  test.each(['dash', 'bash'])('%s reads the shell format exactly', (shell) => {
    if (Bun.which(shell) === null) return console.log(`  ${shell} is not here: not compared`)
    fc.assert(
      fc.property(fc.array(shellValue, { minLength: 40, maxLength: 40 }), fc.boolean(), (values, exported) => {
        const named = Object.fromEntries(values.map((value, i) => [`K${i}`, value]))
        const read = sourced(shell, printShell(printables(named), { exported }).reveal(), Object.keys(named))
        expect(read.map((value) => [...value])).toEqual(values.map((value) => [...value]))
      }),
      { numRuns: 25 },
    )
  })
})

describe('beside the peer', () => {
  const peer = peerBinary()

  /** The peer's own reading of one key of a dotenv file, or undefined when it does not take the line. */
  function peerReads(file: Uint8Array, key: string): number[] | undefined {
    const path = join(directory, '.env')
    writeFileSync(path, file)
    const child = Bun.spawnSync([peer ?? '', 'get', key, '--from', path], {
      env: { HOME: directory, TVAULT_DIR: join(directory, 'none') },
    })
    return child.exitCode === 0 ? [...child.stdout] : undefined
  }

  test('it reads what we print, except the forms it does not know', () => {
    if (peer === undefined) return console.log('  TinyVault 0.23 is not here: it did not read our output')
    fc.assert(
      fc.property(anyValue, (value) => {
        const expands = value.includes(0x24) || value.includes(0x60)
        const read = peerReads(printDotenv(printables({ K: value })).reveal(), 'K')
        if (!expands || (!value.includes(0x27) && !value.includes(0x0a))) expect(read).toEqual([...value])
        else expect(read).not.toEqual([...value])
      }),
      { numRuns: 60 },
    )
  })

  test('both parsers read single lines alike', () => {
    if (peer === undefined) return console.log('  TinyVault 0.23 is not here: the parsers were not compared')
    const line = fc
      .array(
        fc.constantFrom(
          ' ',
          '\t',
          '"',
          "'",
          '\\',
          '\\n',
          '\\t',
          '#',
          'a',
          'b c',
          '=',
          '$',
          '\r',
          '\u00a0',
          '\u2029',
          '\u000b',
          '\\x',
        ),
        { maxLength: 10 },
      )
      .map((pieces) => pieces.join(''))
      .filter((text) => !text.includes('\\$'))
    fc.assert(
      fc.property(line, fc.constantFrom('K=', 'export K=', ' K =', 'K = '), (text, start) => {
        const file = utf8(`${start}${text}\n`)
        const [entry] = parseDotenv(file).entries
        expect(entry === undefined ? undefined : [...entry.value.reveal()]).toEqual(peerReads(file, 'K'))
      }),
      { numRuns: 80 },
    )
  })
})
