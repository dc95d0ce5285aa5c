// Samples of what other programs keep, made by the libraries and programs themselves where there are any, else from the
// documented format. Nothing here uses the code that reads them.
import { createCipheriv, createHash, createHmac, pbkdf2Sync, argon2Sync, randomBytes } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { Encrypter, armor, generateIdentity, identityToRecipient } from 'age-encryption'
import * as kdbxweb from 'kdbxweb'
import { deriveArgon2 } from '../../src/crypto/foreign.ts'
import { text, utf8 } from '../../src/lib/bytes.ts'
import { Failure } from '../../src/lib/errors.ts'
import { Secret } from '../../src/lib/secret.ts'
import type { Foreign, ForeignAsk, ForeignInput, Importer } from '../../src/foreign/importer.ts'

/** What an importer gets from its surroundings; everything that is not played fails. */
export function asking(played: {
  passphrase?: string
  keyFile?: string | Uint8Array
  beside?: Record<string, string>
  gpg?: ForeignAsk['gpg']
}): ForeignAsk & { asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    async passphrase(label) {
      asked.push(label)
      if (played.passphrase === undefined) throw new Failure('locked', 'nobody answers')
      return Secret.fromText(played.passphrase)
    },
    keyFile() {
      if (played.keyFile === undefined) return undefined
      return { path: 'keys', bytes: typeof played.keyFile === 'string' ? utf8(played.keyFile) : played.keyFile.slice() }
    },
    beside: (name) => (played.beside?.[name] === undefined ? undefined : utf8(played.beside[name])),
    gpg: played.gpg ?? (() => Promise.reject(new Failure('failed', 'there is no gpg'))),
    progress: () => undefined,
  }
}

export function fileInput(path: string, content: string | Uint8Array): ForeignInput {
  return { path, bytes: typeof content === 'string' ? utf8(content) : content.slice() }
}

/** Keys and values as text, in their order; the values are wiped. */
export function shown({ entries }: Foreign): Record<string, string> {
  const pairs = entries.map(({ key, value }) => [key, text(value.reveal()) ?? value.reveal().toHex()])
  for (const { value } of entries) value.wipe()
  return Object.fromEntries(pairs)
}

export async function read(
  importer: Importer,
  input: ForeignInput,
  played: Parameters<typeof asking>[0] = {},
): Promise<{ values: Record<string, string>; foreign: Foreign }> {
  const foreign = await importer.read(input, asking(played))
  return { values: shown(foreign), foreign }
}

/** A ZIP archive with these files; `tamper` may change what the directory says about one. */
export function zip(
  files: Record<string, string | Uint8Array>,
  tamper: (entry: DataView, name: string) => void = () => undefined,
): Uint8Array {
  const parts: Uint8Array[] = []
  const directory: Uint8Array[] = []
  let at = 0
  for (const [name, content] of Object.entries(files)) {
    const plain = typeof content === 'string' ? utf8(content) : content
    const packed = new Uint8Array(deflateRawSync(plain))
    const local = new DataView(new ArrayBuffer(30))
    local.setUint32(0, 0x04034b50, true)
    local.setUint16(8, 8, true)
    local.setUint16(26, utf8(name).length, true)
    const entry = new DataView(new ArrayBuffer(46))
    entry.setUint32(0, 0x02014b50, true)
    entry.setUint16(10, 8, true)
    entry.setUint32(16, Bun.hash.crc32(plain), true)
    entry.setUint32(20, packed.length, true)
    entry.setUint32(24, plain.length, true)
    entry.setUint16(28, utf8(name).length, true)
    entry.setUint32(42, at, true)
    tamper(entry, name)
    directory.push(new Uint8Array(entry.buffer), utf8(name))
    parts.push(new Uint8Array(local.buffer), utf8(name), packed)
    at += 30 + utf8(name).length + packed.length
  }
  const end = new DataView(new ArrayBuffer(22))
  const size = directory.reduce((sum, part) => sum + part.length, 0)
  end.setUint32(0, 0x06054b50, true)
  end.setUint16(8, Object.keys(files).length, true)
  end.setUint16(10, Object.keys(files).length, true)
  end.setUint32(12, size, true)
  end.setUint32(16, at, true)
  return new Uint8Array(Buffer.concat([...parts, ...directory, new Uint8Array(end.buffer)]))
}

/** A Bitwarden export protected by a password, cheap to derive. */
export function sealedBitwarden(content: string, password: string, kind: 'pbkdf2' | 'argon2id'): string {
  const salt = randomBytes(16).toString('base64')
  const master =
    kind === 'pbkdf2'
      ? pbkdf2Sync(password, salt, 5000, 32, 'sha256')
      : argon2Sync('argon2id', {
          message: password,
          nonce: createHash('sha256').update(salt).digest(),
          memory: 16_384,
          passes: 2,
          parallelism: 2,
          tagLength: 32,
        })
  const part = (info: string): Buffer => createHmac('sha256', master).update(info).update('\x01').digest()
  const seal = (plain: string): string => {
    const iv = randomBytes(16)
    const cipher = createCipheriv('aes-256-cbc', part('enc'), iv)
    const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
    const mac = createHmac('sha256', part('mac')).update(iv).update(sealed).digest()
    return `2.${iv.toString('base64')}|${sealed.toString('base64')}|${mac.toString('base64')}`
  }
  const argon = kind === 'argon2id'
  return JSON.stringify({
    encrypted: true,
    passwordProtected: true,
    salt,
    kdfType: argon ? 1 : 0,
    kdfIterations: argon ? 2 : 5000,
    ...(argon && { kdfMemory: 16, kdfParallelism: 2 }),
    encKeyValidation_DO_NOT_EDIT: seal(crypto.randomUUID()),
    data: seal(content),
  })
}

/** A new age identity and its recipient. */
export async function ageKey(): Promise<{ identity: string; recipient: string }> {
  const identity = await generateIdentity()
  return { identity, recipient: await identityToRecipient(identity) }
}

/** `plain` encrypted with age to a recipient, or with a passphrase of little work. */
export async function ageSeal(
  plain: Uint8Array | string,
  to: { recipient: string } | { passphrase: string },
): Promise<Uint8Array> {
  const encrypter = new Encrypter()
  if ('recipient' in to) encrypter.addRecipient(to.recipient)
  else {
    encrypter.setScryptWorkFactor(10)
    encrypter.setPassphrase(to.passphrase)
  }
  return encrypter.encrypt(plain)
}

export const ageArmor = (file: Uint8Array): string => armor.encode(file)

export type SopsValue = string | number | boolean | null | SopsValue[] | { [name: string]: SopsValue }

/** A tree whose leaves are encrypted as SOPS does it (names ending in `_unencrypted` are not), and its metadata. */
export async function sopsTree(
  tree: Record<string, SopsValue>,
  recipient: string,
  options: { macOnlyEncrypted?: boolean } = {},
): Promise<{ tree: Record<string, SopsValue>; metadata: Record<string, string | boolean>; enc: string }> {
  const key = randomBytes(32)
  const mac = createHash('sha512')
  if (options.macOnlyEncrypted) mac.update(createHash('sha256').update('sops').digest())
  const seal = (plain: string, associated: string, type: string): string => {
    if (plain === '') return ''
    const iv = randomBytes(32)
    const cipher = createCipheriv('aes-256-gcm', key, iv)
    cipher.setAAD(utf8(associated))
    const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
    const [data, nonce, tag] = [sealed, iv, cipher.getAuthTag()].map((part) => part.toString('base64'))
    return `ENC[AES256_GCM,data:${data},iv:${nonce},tag:${tag},type:${type}]`
  }
  const walk = (node: SopsValue, path: string[]): SopsValue => {
    if (node === null) return null
    if (Array.isArray(node)) return node.map((item) => walk(item, path))
    if (typeof node === 'object') {
      return Object.fromEntries(Object.entries(node).map(([name, inner]) => [name, walk(inner, [...path, name])]))
    }
    const plain = typeof node === 'boolean' ? (node ? 'True' : 'False') : String(node)
    const stays = path.some((name) => name.endsWith('_unencrypted'))
    if (!stays || !options.macOnlyEncrypted) mac.update(plain)
    const type =
      typeof node === 'string' ? 'str' : typeof node === 'boolean' ? 'bool' : Number.isInteger(node) ? 'int' : 'float'
    return stays ? node : seal(plain, `${path.join(':')}:`, type)
  }
  const sealed = walk(tree, []) as Record<string, SopsValue>
  const lastmodified = '2026-01-02T03:04:05Z'
  const digest = mac.digest('hex').toUpperCase()
  return {
    tree: sealed,
    metadata: {
      lastmodified,
      mac: seal(digest, lastmodified, 'str'),
      ...(options.macOnlyEncrypted && { mac_only_encrypted: true }),
      version: '3.9.0',
    },
    enc: ageArmor(await ageSeal(new Uint8Array(key), { recipient })),
  }
}

/** The same as a file in JSON, as SOPS prints it. */
export async function sopsJson(
  tree: Record<string, SopsValue>,
  recipient: string,
  options: { macOnlyEncrypted?: boolean } = {},
): Promise<string> {
  const { tree: sealed, metadata, enc } = await sopsTree(tree, recipient, options)
  return JSON.stringify({ ...sealed, sops: { age: [{ recipient, enc }], ...metadata } }, undefined, '\t')
}

/** The same as a file in YAML, block style with four blanks, as SOPS prints it. */
export async function sopsYaml(
  tree: Record<string, SopsValue>,
  recipient: string,
  options: { macOnlyEncrypted?: boolean; order?: readonly string[] } = {},
): Promise<string> {
  const { tree: sealed, metadata, enc } = await sopsTree(tree, recipient, options)
  const print = (node: SopsValue, indent: string): string => {
    if (Array.isArray(node))
      return `\n${node.map((item) => `${indent}- ${print(item, `${indent}  `).trimStart()}`).join('\n')}`
    if (typeof node === 'object' && node !== null) {
      return `\n${Object.entries(node)
        .map(
          ([name, inner]) =>
            `${indent}${name}:${typeof inner === 'object' && inner !== null ? print(inner, `${indent}    `) : ` ${print(inner, '')}`}`,
        )
        .join('\n')}`
    }
    return typeof node === 'string' && !node.startsWith('ENC[') ? JSON.stringify(node) : String(node)
  }
  const names = options.order ?? Object.keys(sealed)
  const body = names.map((name) => print({ [name]: sealed[name] ?? null }, '').trimStart()).join('\n')
  const lines = Object.entries(metadata).map(
    ([name, value]) => `    ${name}: ${name === 'mac' ? value : JSON.stringify(value)}`,
  )
  const block = enc.trimEnd().replace(/^/gm, '            ')
  return `${body}\nsops:\n    age:\n        - recipient: ${recipient}\n          enc: |\n${block}\n${lines.join('\n')}\n`
}

/** The same as a dotenv file. */
export async function sopsDotenv(values: Record<string, string>, recipient: string): Promise<string> {
  const { tree, metadata, enc } = await sopsTree(values, recipient)
  const flat = { sops_age__list_0__map_enc: enc, sops_age__list_0__map_recipient: recipient }
  const lines = [
    ...Object.entries(tree),
    ...Object.entries({
      ...flat,
      ...Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`sops_${name}`, value])),
    }),
  ]
  return `#ENC[a comment]\n${lines.map(([name, value]) => `${name}=${(typeof value === 'string' ? value : JSON.stringify(value)).replaceAll('\n', '\\n')}`).join('\n')}\n`
}

/** A KeePass database made by kdbxweb, with a key derivation of next to no work. */
export async function kdbx(
  fill: (database: kdbxweb.Kdbx, group: kdbxweb.KdbxGroup) => void | Promise<void>,
  secrets: { passphrase?: string; keyFile?: Uint8Array },
  kdf: 'aes' | 'argon2' = 'aes',
): Promise<Uint8Array> {
  kdbxweb.CryptoEngine.setArgon2Impl(async (password, salt, memoryKib, passes, _length, lanes, type) => {
    const variant = type === kdbxweb.CryptoEngine.Argon2TypeArgon2d ? 'argon2d' : 'argon2id'
    return deriveArgon2(variant, new Uint8Array(password), new Uint8Array(salt), { memoryKib, passes, lanes }).slice()
      .buffer
  })
  const passphrase = secrets.passphrase === undefined ? null : kdbxweb.ProtectedValue.fromString(secrets.passphrase)
  const credentials = new kdbxweb.Credentials(passphrase, secrets.keyFile?.slice() ?? null)
  const database = kdbxweb.Kdbx.create(credentials, 'Sample')
  database.setKdf(kdf === 'aes' ? kdbxweb.Consts.KdfId.Aes : kdbxweb.Consts.KdfId.Argon2id)
  const { UInt64 } = kdbxweb.VarDictionary.ValueType
  if (kdf === 'aes') database.header.kdfParameters?.set('R', UInt64, new kdbxweb.Int64(1))
  await fill(database, database.getDefaultGroup())
  return new Uint8Array(await database.save())
}
