// Becoming another program with secrets in its environment. execve(2) puts it into our own process, so that signals,
// terminal and exit code are its own and nothing of us stays in memory. A door: values become environment entries.
import { Failure } from '../lib/errors.ts'
import { utf8 } from '../lib/bytes.ts'
import { printable } from '../lib/names.ts'
import { Secret } from '../lib/secret.ts'
import type { Environment } from '../lib/paths.ts'
import { childEnvironment, tooMuch } from './environment.ts'
import type { Injected } from './environment.ts'
import { memoryFile } from './memory-file.ts'
import type { MemoryFile } from './memory-file.ts'
import { findProgram } from './program.ts'

export interface Launching {
  command: readonly string[]
  inject: readonly Injected[]
  /** Values that become files in memory; the variables hold their paths. */
  files?: readonly Injected[]
  clean: boolean
}

export interface Around {
  environment: Environment
  /** Closes the vault and wipes its keys; called before the program starts. */
  release: () => Promise<void>
}

const E2BIG = 7
const ENOENT = 2
const ENOEXEC = 8
const EACCES = 13

/**
 * Becomes `launch.command`. Everything that can be checked is checked before; then `release` is called, the injected
 * values are wiped, and the process changes. Throws `command_not_found`, `cannot_execute`, or `failed` naming the key
 * that cannot be given.
 */
export async function become(launch: Launching, { environment, release }: Around): Promise<never> {
  const { file, argv } = findCommand(launch.command, environment)
  const { environmentBytes, execve } = await import('../lib/native.ts')
  const files: MemoryFile[] = []
  let entries: Uint8Array[] = []
  try {
    const paths: Injected[] = []
    for (const { name, value } of launch.files ?? []) {
      const made = await memoryFile(name, value)
      files.push(made)
      paths.push({ name, value: Secret.fromText(made.path) })
    }
    entries = childEnvironment(inherited(environment, environmentBytes), [...launch.inject, ...paths], launch.clean)
    const sizes = launch.inject.map(({ name, value }) => ({ name, bytes: value.size }))
    for (const { value } of [...launch.inject, ...(launch.files ?? [])]) value.wipe()
    await release()
    throw refusal(execve(file, argv, entries), argv[0] ?? '', sizes)
  } finally {
    for (const entry of entries) entry.fill(0)
    for (const made of files) made.close()
  }
}

/** The program that the first of the words means, and the words for it. Throws like `become`. */
export function findCommand(words: readonly string[], environment: Environment): { file: string; argv: string[] } {
  const [program = '', ...rest] = words
  const argv = [program, ...rest]
  if (argv.some((word) => word.includes('\0'))) throw new Failure('usage', 'an argument holds a NUL byte')
  return { file: findProgram(program, environment['PATH']), argv }
}

/** Variables with their bytes. JavaScript sees text; where that lost something, the bytes come from the C library. */
export function inherited(
  environment: Environment,
  exact: (name: string) => Uint8Array | undefined,
): { name: string; value: Uint8Array }[] {
  return Object.entries(environment).flatMap(([name, value]) => {
    if (value === undefined) return []
    return [{ name, value: (value.includes('\ufffd') ? exact(name) : undefined) ?? utf8(value) }]
  })
}

/** Why execve(2) did not start `program`. `sizes` are those of the injected values. */
export function refusal(errno: number, program: string, sizes: readonly { name: string; bytes: number }[]): Failure {
  const name = printable(program)
  switch (errno) {
    case E2BIG:
      return tooMuch(sizes)
    case ENOENT:
      return new Failure('cannot_execute', `${name} needs an interpreter that does not exist`, {
        hint: 'look at its first line',
      })
    case ENOEXEC:
      return new Failure('cannot_execute', `${name} is not a program and has no #! line`, { hint: `sh ${name}` })
    case EACCES:
      return new Failure('cannot_execute', `${name} may not be executed`)
    default:
      return new Failure('cannot_execute', `${name} could not be started (errno ${errno})`)
  }
}
