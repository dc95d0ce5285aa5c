// The trees of pass and of gopass: one encrypted file for each secret, its path is its name. What stands inside follows
// their common habit: the first line is the password, further lines are `name: value`, an otpauth address, or notes.
import { trim } from '../formats/blanks.ts'
import { concat, utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import { loadAge } from './age.ts'
import type { AgeOpener } from './age.ts'
import { collect } from './collect.ts'
import type { Collector } from './collect.ts'
import type { Foreign, ForeignAsk, ForeignInput, Importer, TreeFile } from './importer.ts'
import { linesOf } from './lines.ts'

const FIELD = /^([A-Za-z][A-Za-z0-9 _.-]{0,63}):(?:[ \t]|$)/
const OTPAUTH = utf8('otpauth://')
/** A key or certificate is one value with all its lines. */
const PEM = utf8('-----BEGIN ')
/** What is longer is a file of some kind, and no lines that a person typed. */
const LONGEST_LINES = 65_536
/** First line of gopass's older form: fields until an empty line, `Password` among them, then the notes. */
const MIME = utf8('GOPASS-SECRET-1.0')

export const pass: Importer = {
  format: 'pass',
  about: 'the tree of pass (a directory)',
  isClear: () => false,
  recognise: (input) => has(input, '.gpg-id') && !isGopass(input),
  read: readTree,
}

export const gopass: Importer = {
  format: 'gopass',
  about: 'the tree of gopass (a directory, GnuPG or age)',
  isClear: () => false,
  recognise: isGopass,
  read: readTree,
}

function has({ files }: ForeignInput, name: string): boolean {
  return files?.some((file) => file.name === name || file.name.endsWith(`/${name}`)) ?? false
}

function isGopass(input: ForeignInput): boolean {
  return has(input, '.age-recipients') || has(input, '.gopass.yml') || has(input, '.gopass-recipients')
}

async function readTree({ path, files }: ForeignInput, ask: ForeignAsk): Promise<Foreign> {
  if (files === undefined) throw new Failure('failed', `${printable(path)} is not a directory`)
  const secrets = new Set(files.filter(({ name }) => /\.(?:gpg|age)$/.test(name)))
  if (secrets.size === 0) throw new Failure('failed', `${printable(path)} holds no .gpg or .age files`)
  const age = [...secrets].some(({ name }) => name.endsWith('.age')) ? await loadAge(path, ask) : undefined
  let opened = 0
  let refusal: Failure | undefined
  return collect(async (collector) => {
    for (const file of files) {
      if (!secrets.has(file)) {
        if (!/(?:^|\/)\./.test(file.name)) collector.ignore('the file', file.name, 'it is not encrypted')
        continue
      }
      let content: Uint8Array | undefined
      try {
        content = await open(file, age, ask, path)
        readSecret(content, file.name.replace(/\.(?:gpg|age)$/, ''), collector)
        opened++
      } catch (error) {
        if (!(error instanceof Failure) || error.kind !== 'failed') throw error
        refusal ??= error
        collector.leaveOut('the secret', file.name, error.message)
      } finally {
        content?.fill(0)
      }
      ask.progress(opened, secrets.size)
    }
    // Nothing at all: the key is missing, and a long list of notes would hide that.
    if (opened === 0 && refusal !== undefined) throw refusal
  })
}

async function open(file: TreeFile, age: AgeOpener | undefined, ask: ForeignAsk, path: string): Promise<Uint8Array> {
  if (!file.name.endsWith('.age')) return ask.gpg(file.bytes, `${path}/${file.name}`)
  const plain = await age?.open(file.bytes)
  if (plain !== undefined) return plain
  throw new Failure('failed', 'none of the identities opens it, or it is damaged')
}

/** What one file says; `name` is its path without the ending. */
function readSecret(content: Uint8Array, name: string, collector: Collector): void {
  const path = name.split('/')
  const end = content.at(-1) === 0x0a ? content.length - 1 : content.length
  if (startsWith(content, PEM) || content.includes(0) || content.length > LONGEST_LINES) {
    collector.take(path, content.slice(), name)
    return
  }
  const lines = [...linesOf(content.subarray(0, end))].map((line) => line.bytes)
  const mime = startsWith(content, MIME)
  const [first] = lines
  if (first && !mime) collector.take(path, first.slice(), name)
  const notes: Uint8Array[] = []
  let inHead = mime
  for (const line of lines.slice(1)) {
    const field = FIELD.exec(new TextDecoder('latin1').decode(line.subarray(0, 80)))
    if (mime && line.length === 0) inHead = false
    else if (startsWith(line, OTPAUTH)) collector.take([...path, 'totp'], line.slice(), `${name} / totp`)
    else if (field && (inHead || !mime)) {
      const value = trim(line, field[1]!.length + 1, line.length)
      const word = field[1]!
      const isPassword = mime && word.toLowerCase() === 'password'
      collector.take(
        isPassword ? path : [...path, word],
        line.slice(value.from, value.to),
        isPassword ? name : `${name} / ${word}`,
      )
    } else if (!isDivider(line)) notes.push(line, utf8('\n'))
  }
  const text = concat(...notes)
  const { from, to } = trim(text, 0, text.length)
  collector.take([...path, 'notes'], text.slice(from, to), `${name} / notes`)
  text.fill(0)
}

/** `---`, with which gopass opens its YAML. */
function isDivider(line: Uint8Array): boolean {
  return line.length === 3 && line.every((byte) => byte === 0x2d)
}

function startsWith(bytes: Uint8Array, head: Uint8Array): boolean {
  return head.every((byte, index) => bytes[index] === byte)
}
