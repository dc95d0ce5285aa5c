// The identities beside the vault, and which of them a command tries. The one that was named or exported comes first,
// then every other: a file that happens to lie around must not stand in the way of the key that was meant.
import { readdirSync } from 'node:fs'
import type { FoundIdentity, IdentityWish, NamedIdentity } from '../commands/context.ts'
import type { Identity } from '../crypto/recipient.ts'
import { Failure, systemCode } from '../lib/errors.ts'
import { ensureDirectory, fileFailure, lstatOrNothing, readFound, writeAtomically } from '../lib/files.ts'
import { checkIdentityName, isIdentityName, printable } from '../lib/names.ts'
import type { Environment } from '../lib/paths.ts'
import { identityDirectory, identityFile } from '../lib/paths.ts'
import type { Taken } from './passphrase.ts'

export const DEFAULT_IDENTITY = 'default'

/** What the search looks at; the test brings its own. */
export interface IdentitySurroundings {
  environment: Environment
  taken: Taken
  /** Directory of the vault; throws when there is none, which a key from the environment does not mind. */
  directory(): string
  note(text: string): void
}

/**
 * Makes the identity `name` and its file (0600, in a folder of 0700). Needs no vault. Failure `usage` for a name that
 * breaks the rule, `conflict` when there is one of that name. The caller wipes the identity.
 */
export async function createIdentity(directory: string, name: string): Promise<NamedIdentity> {
  const [{ Identity }, { printIdentityFile }] = await Promise.all([
    import('../crypto/recipient.ts'),
    import('../formats/identity-file.ts'),
  ])
  const path = identityFile(directory, checkIdentityName(name))
  if (lstatOrNothing(path)) throw taken(name)
  if (!lstatOrNothing(directory)) ensureDirectory(directory)
  ensureDirectory(identityDirectory(directory))
  const identity = Identity.generate()
  const content = printIdentityFile(name, identity)
  try {
    writeAtomically(path, content.reveal(), { overwrite: false })
    return { name, path, identity }
  } catch (error) {
    identity.wipe()
    throw error instanceof Failure && error.kind === 'conflict' ? taken(name) : error
  } finally {
    content.wipe()
  }
}

function taken(name: string): Failure {
  return new Failure('conflict', `there is an identity called ${name} already`, {
    hint: 'choose another name; an identity is never replaced, because what is sealed to it would be lost',
  })
}

/** Every identity by name, sorted. One that cannot be read has a fault in place of a recipient. */
export async function listIdentities(directory: string): Promise<FoundIdentity[]> {
  const found: FoundIdentity[] = []
  for (const name of identityNames(directory)) {
    try {
      const identity = await readIdentity(directory, name, () => undefined)
      if (identity !== undefined) found.push({ name, recipient: identity.recipient })
      identity?.wipe()
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      found.push({ name, fault: error.message })
    }
  }
  return found
}

/** The identity `name`; Failure `failed` when there is none. The caller wipes it. */
export async function loadIdentity(
  directory: string,
  name: string,
  note: (text: string) => void,
): Promise<NamedIdentity> {
  const identity = await readIdentity(directory, checkIdentityName(name), note)
  if (identity === undefined) throw noIdentity(name)
  return { name, path: identityFile(directory, name), identity }
}

/**
 * The identities that a command tries, in this order. With `wish.name` that one alone, or in its absence the one from
 * TVAULT_IDENTITY_KEY. Without: the one that TVAULT_IDENTITY or `wish.fallbackName` names, the one from
 * TVAULT_IDENTITY_KEY, `default`, all others. Nothing there is an empty list. Failure `failed` when a named one is
 * missing and none is exported, or when it or the exported one is damaged; other damaged ones are passed over with a
 * note. The caller wipes them.
 */
export async function findIdentities(around: IdentitySurroundings, wish: IdentityWish): Promise<Identity[]> {
  const { environment, note } = around
  const exported = around.taken.has('TVAULT_IDENTITY_KEY')
  if (wish.name !== undefined) {
    const identity = await named(around, wish.name)
    if (identity !== undefined) {
      if (exported) {
        note(`tvault: TVAULT_IDENTITY_KEY is set but a local identity file takes precedence for ${wish.command}`)
      }
      return [identity]
    }
    if (exported) return [await fromEnvironment(around, wish.command)]
    throw noIdentity(wish.name)
  }
  const chosen = (wish.useEnvironmentName && environment['TVAULT_IDENTITY']) || wish.fallbackName
  const found: Identity[] = []
  try {
    const first = chosen ? await named(around, chosen) : undefined
    if (first !== undefined) found.push(first)
    else if (chosen && !exported) throw noIdentity(chosen)
    if (exported) found.push(await fromEnvironment(around, wish.command))
    found.push(...(await others(around, chosen)))
    return found
  } catch (error) {
    for (const identity of found) identity.wipe()
    throw error
  }
}

async function named(around: IdentitySurroundings, name: string): Promise<Identity | undefined> {
  checkIdentityName(name)
  const directory = folder(around)
  return directory === undefined ? undefined : readIdentity(directory, name, around.note)
}

/** The vault directory; undefined when there is none and the exported key will do. */
function folder({ directory, taken }: IdentitySurroundings): string | undefined {
  try {
    return directory()
  } catch (error) {
    if (error instanceof Failure && taken.has('TVAULT_IDENTITY_KEY')) return undefined
    throw error
  }
}

/** The identity of TVAULT_IDENTITY_KEY. Failure `failed`, never with a part of it. */
async function fromEnvironment({ taken, note }: IdentitySurroundings, command: string): Promise<Identity> {
  const { parsePrivate } = await import('../formats/identity-file.ts')
  const text = taken.copy('TVAULT_IDENTITY_KEY')
  try {
    if (text === undefined) throw new Failure('failed', 'TVAULT_IDENTITY_KEY is empty')
    const identity = parsePrivate(text.reveal())
    note(`tvault: using TVAULT_IDENTITY_KEY (passphrase-free identity) for ${command}`)
    return identity
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    throw new Failure('failed', `TVAULT_IDENTITY_KEY: ${error.message}`, {
      hint: 'set it to the output of: tvault identity export NAME --force',
    })
  } finally {
    text?.wipe()
  }
}

/** `default` and then the rest by name, without `chosen`; damaged ones are told and left out. */
async function others(around: IdentitySurroundings, chosen: string | undefined): Promise<Identity[]> {
  const { note } = around
  const where = folder(around)
  if (where === undefined) return []
  const names = identityNames(where).filter((name) => name !== chosen)
  const found: Identity[] = []
  for (const name of names.toSorted((a, b) => Number(b === DEFAULT_IDENTITY) - Number(a === DEFAULT_IDENTITY))) {
    try {
      const identity = await readIdentity(where, name, note)
      if (identity !== undefined) found.push(identity)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      note(`warning: identity ${name} is left out: ${error.message}`)
    }
  }
  return found
}

/** Undefined when there is no such file. A link is followed: secrets that are mounted into a container are links. */
async function readIdentity(
  directory: string,
  name: string,
  note: (text: string) => void,
): Promise<Identity | undefined> {
  const path = identityFile(directory, name)
  if (!lstatOrNothing(path)) return undefined
  const { MAX_IDENTITY_BYTES, parseIdentityFile } = await import('../formats/identity-file.ts')
  const { bytes, mode } = readFound(path, MAX_IDENTITY_BYTES, { followLink: true })
  try {
    const identity = parseIdentityFile(bytes)
    if ((mode & 0o077) !== 0) note(`warning: others can read the private key ${printable(path)}: chmod 600 it`)
    return identity
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    throw new Failure('failed', `${printable(path)}: ${error.message}`)
  } finally {
    bytes.fill(0)
  }
}

/** Names of the key files, sorted. A missing folder holds none. */
function identityNames(directory: string): string[] {
  const path = identityDirectory(directory)
  try {
    return readdirSync(path)
      .filter((file) => file.endsWith('.key') && isIdentityName(file.slice(0, -'.key'.length)))
      .map((file) => file.slice(0, -'.key'.length))
      .toSorted()
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw fileFailure(error, path, 'read')
  }
}

function noIdentity(name: string): Failure {
  return new Failure('failed', `no identity available: there is none called ${name}`, {
    hint: `tvault identity list, or tvault identity new ${name}`,
  })
}
