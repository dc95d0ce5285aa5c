// KeePass databases (KDBX 4): each entry has named fields; the five standard ones get the words that the other
// importers use. Groups are told as the source, and are not part of a key.
import { collect } from './collect.ts'
import { Failure } from '../lib/errors.ts'
import type { Secret } from '../lib/secret.ts'
import { printable } from '../lib/names.ts'
import type { ForeignAsk, Importer } from './importer.ts'
import { checkKdbx, looksLikeKdbx } from './kdbx-header.ts'
import { openKdbx } from './kdbx.ts'

const WORDS: Readonly<Record<string, string>> = {
  UserName: 'username',
  Password: 'password',
  URL: 'url',
  Notes: 'notes',
  otp: 'totp',
}
/** `{REF:P@I:…}`: the value of a field is that of another entry. */
const REFERENCE = new TextEncoder().encode('{REF:')

export const keepass: Importer = {
  format: 'keepass',
  about: 'a KeePass database (KDBX 4)',
  isClear: () => false,

  recognise: ({ bytes }) => looksLikeKdbx(bytes),

  async read({ bytes, path }, ask) {
    // Before anybody is asked for a passphrase that would be of no use.
    checkKdbx(bytes, path)
    const keyFile = ask.keyFile()
    let passphrase: Secret | undefined
    try {
      passphrase = await passphraseOf(path, ask, keyFile !== undefined)
      const { entries, recycled } = await openKdbx(bytes, path, passphrase, keyFile?.bytes)
      return await collect((collector) => {
        for (const { group, fields, attachments, earlier } of entries) {
          const title = new TextDecoder().decode(fields.find(({ name }) => name === 'Title')?.value)
          const where = [...group, title].join(' / ')
          for (const { name, value } of fields) {
            const word = WORDS[name] ?? name
            if (name === 'Title') value.fill(0)
            else if (REFERENCE.every((byte, index) => value[index] === byte)) {
              value.fill(0)
              collector.leaveOut(word, where, 'a reference to a field of another entry')
            } else collector.take([title, word], value, `${where} / ${word}`)
          }
          if (attachments > 0) collector.leaveOut(`${attachments} file(s)`, where, 'an attachment')
          if (earlier > 0) collector.leaveOut(`${earlier} earlier version(s)`, where, 'only the present one is taken')
        }
        if (recycled > 0) collector.leaveOut(`${recycled} whole item(s)`, 'Recycle Bin', 'they are in the trash')
      })
    } finally {
      passphrase?.wipe()
      keyFile?.bytes.fill(0)
    }
  },
}

/** A database may have a key file and no passphrase: then none has to be told. */
async function passphraseOf(path: string, ask: ForeignAsk, hasKeyFile: boolean): Promise<Secret | undefined> {
  try {
    const passphrase = await ask.passphrase(`Passphrase of ${printable(path)}: `)
    return passphrase.size === 0 && hasKeyFile ? undefined : passphrase
  } catch (error) {
    if (hasKeyFile && error instanceof Failure && error.kind === 'locked') return undefined
    throw error
  }
}
