// Where the commands for sealed files read from and write to: one vocabulary for all of them. `-` is a standard
// stream, a terminal never gets or gives binary, and a file is replaced only when nothing can be lost by it.
import { Failure } from '../../lib/errors.ts'
import { printable } from '../../lib/names.ts'
import { MAX_VALUE_BYTES } from '../../lib/quantities.ts'
import { Secret } from '../../lib/secret.ts'
import type { Context } from '../context.ts'

/** Two ways to name the input: as a word, and with the flag of TinyVault 0.23. */
export const INPUT_FIELDS = {
  file: { kind: 'text', at: 0, complete: 'file', about: 'The file to read (- or nothing: standard input)' },
  in: { kind: 'text', short: 'i', placeholder: 'file', complete: 'file', about: 'The same as the word <file>' },
} as const

export const OUT_FIELD = {
  kind: 'text',
  short: 'o',
  placeholder: 'file',
  complete: 'file',
  fallback: '-',
  about: 'File to write (- for standard output)',
} as const

/** What every command is told that opens a sealed file. */
export const OPEN_FIELDS = {
  ...INPUT_FIELDS,
  out: OUT_FIELD,
  identity: { kind: 'text', placeholder: 'name', about: 'Identity to open it with; default: every one there is' },
  overwrite: { kind: 'flag', about: 'Replace the file when it exists' },
} as const

/** What every command is told that writes a sealed file. */
export const SEALED_FIELDS = {
  out: OUT_FIELD,
  overwrite: { kind: 'flag', about: 'Replace the file whatever it is' },
  force: { kind: 'flag', about: 'Write binary to a terminal' },
} as const

const STREAMS = new Set(['-', '/dev/stdin', '/dev/stdout', '/dev/fd/0', '/dev/fd/1'])

/** What is read: bytes, and the path they came from, or undefined for standard input. */
export interface Taken {
  bytes: Uint8Array
  path: string | undefined
}

/** Path of the input, or undefined for standard input. Failure `usage` when it is named twice or empty, or a person would have to type it. */
export function inputPath(
  context: Context,
  input: { file?: string | undefined; in?: string | undefined },
): string | undefined {
  const { file, in: flag } = input
  if (file !== undefined && flag !== undefined && file !== flag) {
    throw new Failure('usage', 'two files to read are named', { hint: 'name one: as a word, or with --in' })
  }
  const path = flag ?? file ?? '-'
  if (path === '') throw new Failure('usage', 'the file to read has an empty name')
  if (!STREAMS.has(path)) return path
  if (context.stdinIsTerminal) {
    throw new Failure('usage', 'nothing to read: no file is named, and standard input is a terminal', {
      hint: 'name a file, or use a pipe',
    })
  }
  return undefined
}

/** The bytes of the input. Failure as from `inputPath`, and `failed` for a file that cannot be read safely or is too big. */
export async function readInput(
  context: Context,
  input: { file?: string | undefined; in?: string | undefined },
  maxBytes = MAX_VALUE_BYTES,
): Promise<Taken> {
  const path = inputPath(context, input)
  return { bytes: await context.readFile(path ?? '-', { maxBytes, stdin: path === undefined }), path }
}

/** The path to write to, or undefined for standard output. Failure `usage` for an empty one. */
export function outputPath(out: string | undefined): string | undefined {
  if (out === '') throw new Failure('usage', '--out is empty', { hint: 'name a file, or - for standard output' })
  return out === undefined || STREAMS.has(out) ? undefined : out
}

/** Failure `usage` when binary would go to a terminal. */
export function refuseTerminal(context: Context, file: string | undefined, force: boolean): void {
  if (file !== undefined || force || context.globals.json || !context.stdoutIsTerminal) return
  throw new Failure('usage', 'the output is binary, and standard output is a terminal', {
    hint: 'write it to a file with -o FILE, or add --force',
  })
}

/** Writes plaintext to a new file, or over an old one with `overwrite`: mode 0600, never through a link. */
export async function writePlain(context: Context, file: string, content: Secret, overwrite: boolean): Promise<void> {
  try {
    await context.writeFile(file, content, { overwrite })
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'conflict') throw error
    throw new Failure('conflict', error.message, { hint: 'add --overwrite to replace it' })
  }
}

/** Plaintext that was handed over: its size in bytes, and the content itself unless it is in `file`. */
export interface Plain {
  file: string | undefined
  size: number
  content: Secret | undefined
}

/**
 * Hands plaintext over: writes it to `file` and wipes it, or gives it back to be printed. Wiped when this throws, as for
 * `writePlain`, or `usage` for binary on a terminal.
 */
export async function handOver(
  context: Context,
  file: string | undefined,
  content: Secret,
  options: { overwrite: boolean; force: boolean },
): Promise<Plain> {
  const { size } = content
  try {
    const { isBinary } = await import('../../formats/sealed.ts')
    if (isBinary(content)) refuseTerminal(context, file, options.force)
    if (file === undefined) return { file, size, content }
    await writePlain(context, file, content, options.overwrite)
  } catch (error) {
    content.wipe()
    throw error
  }
  content.wipe()
  return { file, size, content: undefined }
}

/** The same as `--json` prints it. */
export function plainData({ file, size, content }: Plain) {
  return file === undefined ? { content } : { file, bytes: size, changed: true }
}

/** Ciphertext as `--json` prints it: where it is, or itself. */
export function sealedData(file: string | undefined, bytes: Uint8Array) {
  return {
    bytes: bytes.length,
    ...(file === undefined ? { sealed_base64: bytes.toBase64() } : { file }),
    changed: file !== undefined,
  }
}

/**
 * Writes ciphertext to a file. One that is there is replaced without being asked only when `replaceable` says that it
 * is ciphertext of the same kind; so sealing again works, and a wrong name destroys nothing.
 */
export async function writeSealed(
  context: Context,
  file: string,
  content: Uint8Array,
  options: { overwrite: boolean; replaceable: (old: Uint8Array) => boolean },
): Promise<void> {
  const wrapped = new Secret(content.slice())
  try {
    await context.writeFile(file, wrapped, { overwrite: options.overwrite })
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'conflict') throw error
    const old = await context.readFile(file, { maxBytes: MAX_VALUE_BYTES })
    if (!options.replaceable(old)) {
      throw new Failure('conflict', `${printable(file)} exists and is not a sealed file`, {
        hint: 'name another file, or replace this one with --overwrite',
      })
    }
    await context.writeFile(file, wrapped, { overwrite: true })
  } finally {
    wrapped.wipe()
  }
}

/** Opens with whatever identity is at hand. Failure `failed` when there is none, or none fits. */
export async function openForIdentity(
  context: Context,
  blob: Uint8Array,
  options: { name: string | undefined; command: string },
): Promise<Secret> {
  const { openWithIdentity } = await import('../../formats/sealed.ts')
  const identities = await context.identities({ ...options, useEnvironmentName: true })
  if (identities.length === 0) {
    throw new Failure('failed', 'no identity available: there is no private key to open it with', {
      hint: 'tvault identity new, or set TVAULT_IDENTITY_KEY to an exported one',
    })
  }
  return openWithIdentity(blob, identities)
}
