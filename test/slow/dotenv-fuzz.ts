// The fuzzer of the dotenv parser, the editor and the references, as a program of its own, so that a hang can be seen
// and ended from outside. `bun dotenv-fuzz.ts SEED CASES` prints a line per thousand cases; a broken law ends it with
// the number of the case, which SEED makes again.
import { printDotenv } from '../../src/formats/dotenv-print.ts'
import { editDotenv } from '../../src/formats/dotenv-edit.ts'
import { parseDotenv } from '../../src/formats/dotenv.ts'
import { holdsReference, referencesIn, replaceReferences } from '../../src/formats/reference.ts'
import { Failure } from '../../src/lib/errors.ts'
import { isKey } from '../../src/lib/names.ts'
import { Secret } from '../../src/lib/secret.ts'
import { randomFrom } from './room.ts'

const [seed = 1, cases = 1000] = process.argv.slice(2).map(Number)
const below = randomFrom(seed)

const TOKENS = [
  '=',
  '\n',
  '\r\n',
  '\r',
  '"',
  "'",
  '`',
  '\\',
  '\\n',
  '\\"',
  '#',
  ' #',
  ' ',
  '\t',
  'export ',
  'export\t',
  'A',
  'B',
  'KEY',
  '_',
  '9',
  '$',
  '${',
  '}',
  '${tvault://',
  '${tvault://A}',
  '${tvault://web/KEY}',
  'tvault://',
  '/',
  '//',
  '\u00a0',
  '\u0085',
  '\u2028',
  '\ufeff',
  '\0',
  'é',
  '🔑',
  '-----BEGIN KEY-----',
  'A=1\n',
  'B="x y"\n',
  "C='l1\nl2'\n",
  'D="a\\nb" # c\n',
  '# c\n',
].map((token) => Buffer.from(token))
const SEEDS = [
  '# top\nA=1\nexport B="two words" # c\n\nC=\'three\'\n',
  'A="one\ntwo"\r\nB=${tvault://web/KEY}\r\n',
  '\ufeffPEM="-----BEGIN X-----\nabc==\n-----END X-----\n"\nA=\nA=#\n',
  'X = y # z\nbad line\nK="never closed\nL=1',
].map((text) => Buffer.from(text))

function mutate(bytes: Buffer): Buffer {
  const at = below(bytes.length + 1)
  const to = Math.min(bytes.length, at + below(12))
  switch (below(8)) {
    case 0:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(to)])
    case 1:
      return Buffer.concat([bytes.subarray(0, to), bytes.subarray(at, to), bytes.subarray(to)])
    case 2: {
      const copy = Buffer.from(bytes)
      if (at < copy.length) copy[at] = below(256)
      return copy
    }
    case 3: {
      const other = SEEDS[below(SEEDS.length)]!
      return Buffer.concat([bytes.subarray(0, at), other.subarray(below(other.length))])
    }
    case 4:
      return bytes.subarray(0, at)
    default:
      return Buffer.concat([bytes.subarray(0, at), TOKENS[below(TOKENS.length)]!, bytes.subarray(at)])
  }
}

function drawFile(): Buffer {
  let bytes = Buffer.from(SEEDS[below(SEEDS.length)]!)
  for (let i = below(12); i >= 0; i--) bytes = Buffer.from(mutate(bytes))
  return bytes.subarray(0, 4096)
}

function drawValue(): Uint8Array {
  return Buffer.concat(Array.from({ length: below(6) }, () => TOKENS[below(TOKENS.length)]!))
}

function law(holds: boolean, what: string): void {
  if (!holds) throw new Error(`broken: ${what}`)
}

type Values = Map<string, Buffer>

function read(bytes: Uint8Array): { values: Values; spans: Map<string, { from: number; to: number }> } {
  const { entries, notes } = parseDotenv(bytes)
  const lines = Buffer.from(bytes).toString('latin1').split('\n').length
  let before = ''
  for (const { key, line, at } of entries) {
    law(isKey(key) && key > before, 'keys are valid, sorted and there once')
    law(line >= 1 && line <= lines, 'lines are lines of the file')
    law(0 <= at.from && at.from <= at.to && at.to <= bytes.length, 'places lie in the file')
    before = key
  }
  for (const { line, message } of notes) {
    law(line >= 1 && line <= lines, 'notes are about lines of the file')
    law(/^(skipped|key redefined)[ A-Za-z;=-]*$/.test(message), 'notes hold nothing of the file')
  }
  const values = new Map(entries.map(({ key, value }) => [key, Buffer.from(value.reveal())]))
  return { values, spans: new Map(entries.map(({ key, at }) => [key, at])) }
}

function same(a: Values, b: Values): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key)?.equals(value) === true)
}

function tryFile(bytes: Buffer): 'kept' | 'refused' {
  const { values, spans } = read(bytes)
  const printed = printDotenv([...values].map(([key, value]) => ({ key, value: new Secret(Uint8Array.from(value)) })))
  law(same(read(printed.reveal()).values, values), 'what is printed is read back')
  law(Buffer.from(editDotenv(bytes, []).reveal()).equals(bytes), 'no edit changes nothing')
  const keys = [...values.keys(), 'NEW', 'A', 'B']
  const edits = new Map(
    Array.from({ length: 1 + below(3) }, () => [keys[below(keys.length)]!, Buffer.from(drawValue())]),
  )
  const given = [...edits].map(([key, value]) => ({ key, value: new Secret(Uint8Array.from(value)) }))
  let edited: Buffer
  try {
    edited = Buffer.from(editDotenv(bytes, given).reveal())
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'failed') throw error
    return 'refused'
  }
  law(same(read(edited).values, new Map([...values, ...edits])), 'an edited file holds what it should')
  const first = Math.min(bytes.length, ...[...edits.keys()].flatMap((key) => spans.get(key)?.from ?? []))
  law(edited.subarray(0, first).equals(bytes.subarray(0, first)), 'bytes in front of the first edit stay')
  return 'kept'
}

function tryReferences(bytes: Uint8Array): void {
  const value = new Secret(Uint8Array.from(bytes))
  const holds = holdsReference(value)
  try {
    const references = referencesIn(value, 'x')
    law(references.length > 0 === holds, 'a value holds references or not')
    let end = 0
    for (const { at, key } of references) {
      law(at.from >= end && at.to > at.from && at.to <= bytes.length && key !== '', 'references follow each other')
      end = at.to
    }
    const back = replaceReferences(value, references, ({ text }) => Secret.fromText(`\${${text}}`))
    law(Buffer.from(back.reveal()).equals(Buffer.from(bytes)), 'references replaced by themselves change nothing')
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'failed' || !holds) throw error
  }
}

let refused = 0
for (let number = 1; number <= cases; number++) {
  try {
    if (number % 3 === 0) tryReferences(number % 2 ? drawValue() : drawFile())
    else if (tryFile(drawFile()) === 'refused') refused += 1
  } catch (error) {
    console.log(`case ${number} of seed ${seed}: ${error instanceof Error ? error.stack : String(error)}`)
    process.exit(1)
  }
  if (number % 1000 === 0) console.log(`${number} ${refused}`)
}
