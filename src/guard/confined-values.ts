// Hands values to a confined program: as variables, as standard input, under a descriptor, or in a private file. A door:
// values are copied for the moment of the start. None is ever put into words or into the name of anything.
import { Failure } from '../lib/errors.ts'
import { utf8 } from '../lib/bytes.ts'
import { checkKey } from '../lib/names.ts'
import type { Secret } from '../lib/secret.ts'
import { refuseSteering } from './confined-environment.ts'
import { childEnvironment } from './environment.ts'
import type { Injected } from './environment.ts'
import type { PrivateRoom } from './private-room.ts'

export type Given =
  /** The variable `name` holds the value. */
  | { to: 'environment'; name: string; value: Secret }
  /** The value is what the program reads from standard input. */
  | { to: 'input'; value: Secret }
  /** An open descriptor, 3 for the first of these, 4 for the next; the variable `name` holds a path that opens it anew. */
  | { to: 'descriptor'; name: string; value: Secret }
  /** A file (0600) with this name in a directory of its own; the variable `name` holds its path. */
  | { to: 'file'; name: string; fileName: string; value: Secret }

export interface HandedOver {
  /** `NAME=value` */
  entries: Uint8Array[]
  descriptors: { name: string; value: Uint8Array }[]
  input: Uint8Array | undefined
  wipe(): void
}

/**
 * Copies of the values where they are to go; the caller wipes them. Throws `denied` for a variable that steers other
 * programs, `usage` for two with one name, `failed` naming a key whose value cannot be given that way.
 */
export function handOver(
  given: readonly Given[],
  variables: Readonly<Record<string, string>>,
  room: PrivateRoom,
): HandedOver {
  check(given)
  const injected: Injected[] = given.flatMap((one) =>
    one.to === 'environment' ? [{ name: one.name, value: one.value }] : [],
  )
  const copies: Uint8Array[] = []
  const copy = (value: Secret): Uint8Array => {
    const bytes = new Uint8Array(value.reveal())
    copies.push(bytes)
    return bytes
  }
  const wipe = (): void => {
    for (const bytes of copies) bytes.fill(0)
  }
  try {
    const paths: Record<string, string> = {}
    for (const one of given) if (one.to === 'file') paths[one.name] = room.put(one.fileName, copy(one.value))
    const plain = Object.entries({ ...variables, ...paths }).map(([name, value]) => ({ name, value: utf8(value) }))
    const entries = childEnvironment(plain, injected, false)
    copies.push(...entries)
    const input = given.find((one) => one.to === 'input')
    return {
      entries,
      descriptors: given.flatMap((one) =>
        one.to === 'descriptor' ? [{ name: one.name, value: copy(one.value) }] : [],
      ),
      input: input && copy(input.value),
      wipe,
    }
  } catch (error) {
    wipe()
    throw error
  }
}

function check(given: readonly Given[]): void {
  const names = given.flatMap((one) => (one.to === 'input' ? [] : [checkKey(one.name)]))
  for (const name of names) refuseSteering(name, 'be set by a secret')
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw new Failure('usage', `${twice} is given twice`)
  if (given.filter(({ to }) => to === 'input').length > 1) {
    throw new Failure('usage', 'two values cannot both be the standard input')
  }
}
