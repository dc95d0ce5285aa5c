// The environment of a child: what we inherited, without what opens the vault or steers our runtime, plus the
// secrets that were asked for. Entries are bytes, because values are; none is ever put into a message.
import { Failure } from '../lib/errors.ts'
import { isKey } from '../lib/names.ts'
import { concat, utf8 } from '../lib/bytes.ts'
import type { Secret } from '../lib/secret.ts'

export interface Injected {
  name: string
  value: Secret
}

/** Linux refuses one entry `NAME=value` of more bytes than this, its end included (MAX_ARG_STRLEN). */
export const MAX_ENTRY_BYTES = 131_072

/** More than this for variables and words together is refused whatever the limits are (3/4 of _STK_LIM, execve(2)). */
export const MAX_TOTAL_BYTES = 6_291_456

/** Ours, but harmless: a tvault inside the child finds the same vault (W43). All other TVAULT_ names are taken out. */
const ROUTING = new Set(['TVAULT_DIR', 'TVAULT_CONFIG', 'TVAULT_IDENTITY', 'TVAULT_NO_AGENT'])
/** Variables by which Bun would take orders; a child that is itself built with Bun must not take them either. */
const RUNTIME = /^BUN_(?:OPTIONS|BE_BUN|INSPECT.*|JSC_.*|CONFIG_VERBOSE_FETCH|DEBUG.*)$/
/** What stays in a clean environment. */
const CLEAN = new Set(['PATH', 'HOME', 'TERM', 'LANG'])

/** Whether a child may inherit the variable `name`. */
export function isInheritable(name: string, clean: boolean): boolean {
  if (clean) return CLEAN.has(name)
  if (name.startsWith('TVAULT_')) return ROUTING.has(name)
  return !RUNTIME.test(name)
}

/**
 * Entries `NAME=value` for execve: inherited ones that may pass, then the injected ones, which win over inherited
 * ones of the same name. The caller wipes the entries. Throws `failed` naming the key of a value that no program can
 * be given: one with a NUL byte, or of 128 KiB and more (W44).
 */
export function childEnvironment(
  inherited: readonly { name: string; value: Uint8Array }[],
  inject: readonly Injected[],
  clean: boolean,
): Uint8Array[] {
  for (const { name, value } of inject) checkInjected(name, value)
  const replaced = new Set(inject.map(({ name }) => name))
  const passed = inherited.filter(({ name }) => isInheritable(name, clean) && !replaced.has(name))
  return [
    ...passed.map(({ name, value }) => concat(utf8(`${name}=`), value)),
    ...inject.map(({ name, value }) => concat(utf8(`${name}=`), value.reveal())),
  ]
}

function checkInjected(name: string, value: Secret): void {
  if (!isKey(name)) throw new Failure('failed', 'a secret has a name that cannot be an environment variable')
  if (value.reveal().includes(0)) {
    throw new Failure('failed', `the value of ${name} holds a NUL byte, which no environment variable can`, {
      hint: `give it as a file: tvault run --as-file ${name} (the variable holds a path), or leave it out with --only`,
    })
  }
  // One for the equals sign, one for the end.
  if (name.length + value.size + 2 > MAX_ENTRY_BYTES) {
    throw new Failure('failed', `the value of ${name} is too big for an environment variable (${value.size} bytes)`, {
      hint: `give it as a file: tvault run --as-file ${name} (the variable holds a path), or leave it out with --only`,
    })
  }
}

/** The failure for an environment that is too big as a whole. Names the biggest injected keys, never their values. */
export function tooMuch(sizes: readonly { name: string; bytes: number }[]): Failure {
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0)
  const biggest = [...sizes].sort((a, b) => b.bytes - a.bytes).slice(0, 3)
  const named = biggest.map(({ name, bytes }) => `${name} (${bytes} bytes)`).join(', ')
  return new Failure(
    'failed',
    `the environment and arguments are too big for one program; the biggest secrets: ${named}`,
    {
      hint: `the secrets together have ${total} bytes; choose some with --only or --prefix`,
    },
  )
}
