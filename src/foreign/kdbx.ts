// The door to kdbxweb: opens KeePass databases of format KDBX 4. A door: the passphrase is opened. The library keeps
// values that are not protected in the database as strings.
import { deriveArgon2 } from '../crypto/foreign.ts'
import { utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import type { Secret } from '../lib/secret.ts'

/** One entry. The values belong to the caller, who wipes them. */
export interface KdbxEntry {
  group: readonly string[]
  fields: { name: string; value: Uint8Array }[]
  attachments: number
  earlier: number
}

export interface KdbxContent {
  entries: KdbxEntry[]
  /** Entries in the recycle bin, which are not among `entries`. */
  recycled: number
}

const MAX_GROUPS = 10_000

/**
 * Everything in the database. `passphrase` may be missing when there is a key file. Throws `failed` when they do not
 * open it; `corrupt` when it is damaged. The header must have been checked (kdbx-header.ts).
 */
export async function openKdbx(
  bytes: Uint8Array,
  path: string,
  passphrase: Secret | undefined,
  keyFile: Uint8Array | undefined,
): Promise<KdbxContent> {
  const { Consts, Credentials, CryptoEngine, Kdbx, KdbxError, ProtectedValue } = await import('kdbxweb')
  CryptoEngine.setArgon2Impl(async (password, salt, memoryKib, passes, _length, lanes, type) => {
    const variant = type === CryptoEngine.Argon2TypeArgon2d ? 'argon2d' : 'argon2id'
    const key = deriveArgon2(variant, new Uint8Array(password), new Uint8Array(salt), { memoryKib, passes, lanes })
    return key.slice().buffer
  })
  try {
    const secret = passphrase && ProtectedValue.fromBinary(passphrase.reveal().slice().buffer)
    const database = await Kdbx.load(bytes.slice().buffer, new Credentials(secret ?? null, keyFile?.slice() ?? null))
    return contentOf(database)
  } catch (error) {
    if (error instanceof Failure) throw error
    const code = error instanceof KdbxError ? error.code : undefined
    if (code === Consts.ErrorCodes.InvalidKey) {
      const what = keyFile === undefined ? 'the passphrase does not open' : 'passphrase and key file do not open'
      throw new Failure('failed', `${what} ${printable(path)}`, {
        ...(keyFile === undefined && { hint: 'if it also has a key file: --key-file PATH' }),
      })
    }
    if (code === Consts.ErrorCodes.Unsupported)
      throw new Failure('failed', `${printable(path)} uses a cipher or key derivation that is not known here`)
    // The message of the library may quote the file, so it is not shown.
    throw new Failure('corrupt', `${printable(path)} is damaged, or not a KeePass database`)
  }
}

type Database = Awaited<ReturnType<typeof import('kdbxweb').Kdbx.load>>
type Group = Database['groups'][number]

function contentOf(database: Database): KdbxContent {
  const content: KdbxContent = { entries: [], recycled: 0 }
  const bin = database.meta.recycleBinEnabled ? database.meta.recycleBinUuid?.id : undefined
  let groups = 0

  function walk(group: Group, names: readonly string[], recycled: boolean): void {
    if (++groups > MAX_GROUPS) throw new Failure('failed', `there are more than ${MAX_GROUPS} groups in the database`)
    const inBin = recycled || (bin !== undefined && group.uuid.id === bin)
    for (const entry of group.entries) {
      if (inBin) content.recycled++
      else {
        content.entries.push({
          group: names,
          fields: [...entry.fields].map(([name, value]) => ({
            name,
            value: typeof value === 'string' ? utf8(value) : value.getBinary(),
          })),
          attachments: entry.binaries.size,
          earlier: entry.history.length,
        })
      }
    }
    for (const inner of group.groups) walk(inner, [...names, inner.name ?? ''], inBin)
  }

  for (const root of database.groups) walk(root, [], false)
  return content
}
