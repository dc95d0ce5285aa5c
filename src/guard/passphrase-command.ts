// Runs the command that tells the passphrase. No shell, nothing on its standard input, no secret in its environment,
// a deadline, and an end to what is read from it. Its own messages go to our standard error.
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import { Secret } from '../lib/secret.ts'
import type { Environment } from '../lib/paths.ts'
import { isInheritable } from './environment.ts'
import { findProgram } from './program.ts'
import { splitWords } from '../lib/words.ts'

export interface CommandLimits {
  /** Where the command was set; named in messages instead of the command itself. */
  setting: string
  timeoutSeconds: number
  maxBytes: number
}

/**
 * What the command prints, without the line ends at its end. `command` is one line, or its words. Throws `failed`
 * when it cannot be started, fails, is too slow, prints nothing or more than `maxBytes` bytes.
 */
export async function runPassphraseCommand(
  command: string | readonly string[],
  { setting, timeoutSeconds, maxBytes }: CommandLimits,
  environment: Environment = process.env,
): Promise<Secret> {
  const words = typeof command === 'string' ? splitWords(command, setting) : [...command]
  if (words.length === 0) throw new Failure('failed', `${setting} is empty`)
  const child = start(words, setting, environment)
  const buffer = new Uint8Array(maxBytes + 1)
  const deadline = Promise.withResolvers<'late'>()
  const timer = setTimeout(() => deadline.resolve('late'), timeoutSeconds * 1000)
  try {
    const finished = finish(child, buffer)
    finished.catch(() => undefined)
    const end = await Promise.race([finished, deadline.promise])
    if (end === 'late') {
      throw new Failure('failed', `the passphrase command (${setting}) took longer than ${timeoutSeconds} s`, {
        hint: 'TVAULT_PASSPHRASE_TIMEOUT=SECONDS gives it more time',
      })
    }
    const { size, exitCode } = end
    if (size > maxBytes)
      throw new Failure('failed', `the passphrase command (${setting}) printed more than ${maxBytes} bytes`)
    if (exitCode !== 0)
      throw new Failure('failed', `the passphrase command (${setting}) failed with exit code ${exitCode}`)
    const length = withoutLineEnds(buffer, size)
    if (length === 0) throw new Failure('failed', `the passphrase command (${setting}) printed nothing`)
    return new Secret(buffer.slice(0, length))
  } finally {
    clearTimeout(timer)
    buffer.fill(0)
    // By its handle, so that no other process of the same number can be meant.
    child.kill('SIGKILL')
  }
}

type Child = Bun.Subprocess<'ignore', 'pipe', 'inherit'>

function start(words: string[], setting: string, environment: Environment): Child {
  try {
    const [program = '', ...rest] = words
    const passed = Object.entries(environment).filter(([name]) => isInheritable(name, false))
    return Bun.spawn([findProgram(program, environment['PATH']), ...rest], {
      argv0: program,
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'inherit',
      env: Object.fromEntries(passed),
    })
  } catch (error) {
    const reason = error instanceof Failure ? error.message : 'the system refused'
    throw new Failure('failed', `cannot start the passphrase command (${setting}): ${printable(reason)}`, {
      cause: error,
    })
  }
}

/** Reads to the end of the output, or until `into` is full, and waits for the exit. */
async function finish(child: Child, into: Uint8Array): Promise<{ size: number; exitCode: number }> {
  let size = 0
  const reader = child.stdout.getReader()
  for (;;) {
    const { value, done } = await reader.read()
    if (done) break
    const taken = value.subarray(0, into.length - size)
    into.set(taken, size)
    size += taken.length
    value.fill(0)
    if (size === into.length) return { size, exitCode: 0 }
  }
  return { size, exitCode: await child.exited }
}

function withoutLineEnds(bytes: Uint8Array, size: number): number {
  while (size > 0 && bytes[size - 1] === 0x0a) size -= bytes[size - 2] === 0x0d ? 2 : 1
  return size
}
