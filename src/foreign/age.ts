// The door to age-encryption: opens age files (age-encryption.org/v1) with identities from an identity file or with a
// passphrase. Keys of SSH and of plugins are not among the identities. A door: the passphrase is opened.
import { text, utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import type { ForeignAsk } from './importer.ts'

const HEAD = utf8('age-encryption.org/v1\n')
const ARMOR = utf8('-----BEGIN AGE ENCRYPTED FILE-----')

/** Opens age files; one object for all files of an import. */
export interface AgeOpener {
  /** The plaintext, for the caller to wipe, or undefined when none of the identities opens it or it is damaged. */
  open(file: Uint8Array): Promise<Uint8Array | undefined>
}

/** Whether the bytes are an age file, plain or in armor. */
export function looksLikeAge(bytes: Uint8Array): boolean {
  return [HEAD, ARMOR].some((head) => head.every((byte, index) => bytes[index] === byte))
}

/**
 * An opener with the identities of --key-file. An identity file that is itself encrypted with a passphrase is opened
 * with the one that the person tells. Throws `failed` when no file is given or it holds no identity that can be used.
 */
export async function loadAge(path: string, ask: ForeignAsk): Promise<AgeOpener> {
  const given = ask.keyFile()
  if (given === undefined) {
    throw new Failure('usage', `${printable(path)} is encrypted with age, and no identity is given`, {
      hint: '--key-file ~/.config/sops/age/keys.txt, or where your identity is',
    })
  }
  const { Decrypter, armor } = await import('age-encryption')
  const raw = (file: Uint8Array): Uint8Array =>
    ARMOR.every((byte, index) => file[index] === byte) ? armor.decode(new TextDecoder().decode(file)) : file
  let identities = given.bytes
  try {
    if (looksLikeAge(identities)) identities = await openIdentities(identities)
    const decrypter = new Decrypter()
    let count = 0
    for (const line of (text(identities) ?? '').split('\n').map((one) => one.trim())) {
      if (!/^AGE-SECRET-KEY-(?:PQ-)?1/.test(line)) continue
      add(decrypter, line)
      count++
    }
    if (count === 0) {
      throw new Failure('failed', `${printable(given.path)} holds no age identity`, {
        hint: 'it needs a line AGE-SECRET-KEY-1…; keys of SSH and of plugins cannot be used',
      })
    }
    return {
      async open(file) {
        try {
          return await decrypter.decrypt(raw(file))
        } catch {
          return undefined
        }
      },
    }
  } finally {
    identities.fill(0)
    given.bytes.fill(0)
  }

  function add(decrypter: InstanceType<typeof Decrypter>, line: string): void {
    try {
      decrypter.addIdentity(line)
    } catch {
      // The message of the library could show a part of the key.
      throw new Failure('failed', `${printable(given!.path)} holds an age identity that is damaged`)
    }
  }

  async function openIdentities(file: Uint8Array): Promise<Uint8Array> {
    const passphrase = await ask.passphrase(`Passphrase of ${printable(given!.path)}: `)
    try {
      const decrypter = new Decrypter()
      decrypter.addPassphrase(new TextDecoder().decode(passphrase.reveal()))
      return await decrypter.decrypt(raw(file))
    } catch {
      throw new Failure('failed', `the passphrase does not open ${printable(given!.path)}, or the file is damaged`)
    } finally {
      passphrase.wipe()
    }
  }
}
