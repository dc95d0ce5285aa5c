// Runs gpg to decrypt one message: the message on its standard input, the plaintext from its output, no file in between.
// The program is found on PATH by the rules of program.ts; its agent asks for passphrases and cards itself.
import { readlinkSync } from 'node:fs'
import { concat } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import type { Environment } from '../lib/paths.ts'
import { isInheritable } from './environment.ts'
import { findProgram } from './program.ts'

/** The largest plaintext of one message. */
const MAX_PLAIN_BYTES = 4_194_304
const MAX_STATUS_BYTES = 65_536

/** No files, no questions of its own, and its status where it can be read. */
const OPTIONS = ['--batch', '--quiet', '--yes', '--no-tty', '--status-fd', '2', '--decrypt'] as const

/**
 * The plaintext of `message`, for the caller to wipe. `path` is named in messages. Throws `failed` when there is no gpg,
 * no secret key, when the message is damaged or has no integrity protection, or its plaintext exceeds 4 MiB.
 */
export async function decryptWithGpg(message: Uint8Array, path: string, environment: Environment): Promise<Uint8Array> {
  let program: string
  try {
    program = findProgram('gpg', environment['PATH'])
  } catch {
    throw new Failure('failed', `there is no gpg on PATH to decrypt ${printable(path)}`, { hint: 'install GnuPG' })
  }
  const passed = Object.entries(environment).filter(([name]) => isInheritable(name, false))
  const child = Bun.spawn([program, ...OPTIONS], {
    argv0: 'gpg',
    stdin: message,
    stdout: 'pipe',
    stderr: 'pipe',
    env: { ...terminal(environment), ...Object.fromEntries(passed) },
  })
  try {
    const [plain, status] = await Promise.all([
      readAtMost(child.stdout, MAX_PLAIN_BYTES),
      readAtMost(child.stderr, MAX_STATUS_BYTES),
    ])
    if (plain === undefined || status === undefined) {
      throw new Failure('failed', `${printable(path)} decrypts to more than ${MAX_PLAIN_BYTES} bytes`)
    }
    const said = new TextDecoder().decode(status)
    if ((await child.exited) === 0 && /^\[GNUPG:\] DECRYPTION_OKAY/m.test(said)) return plain
    plain.fill(0)
    throw new Failure('failed', reason(said, path))
  } finally {
    child.kill('SIGKILL')
  }
}

function reason(status: string, path: string): string {
  const has = (word: string): boolean => new RegExp(`^\\[GNUPG:\\] ${word}\\b`, 'm').test(status)
  // Some versions say it only in words, and those in the language of the person.
  if (has('NO_SECKEY') || /: No secret key$/m.test(status)) return `gpg has no secret key that opens ${printable(path)}`
  if (has('NODATA')) return `${printable(path)} is not an OpenPGP message`
  if (has('DECRYPTION_FAILED')) return `gpg could not decrypt ${printable(path)}`
  return `gpg failed on ${printable(path)}`
}

/** GPG_TTY, by which its agent finds the terminal to ask on; a shell that has set it knows better. */
function terminal(environment: Environment): Record<string, string> {
  if (environment['GPG_TTY']) return {}
  for (const fd of [0, 2, 1]) {
    try {
      const name = readlinkSync(`/proc/self/fd/${fd}`)
      if (/^\/dev\/(?:pts\/|tty)/.test(name)) return { GPG_TTY: name }
    } catch {
      // No such descriptor, or no /proc: the next one, or none.
    }
  }
  return {}
}

/** The whole of a stream, or undefined when it is longer. The pieces are wiped. */
async function readAtMost(stream: ReadableStream<Uint8Array>, most: number): Promise<Uint8Array | undefined> {
  const pieces: Uint8Array[] = []
  let size = 0
  try {
    for await (const piece of stream) {
      pieces.push(piece)
      size += piece.length
      if (size > most) return undefined
    }
    return concat(...pieces)
  } finally {
    for (const piece of pieces) piece.fill(0)
  }
}
