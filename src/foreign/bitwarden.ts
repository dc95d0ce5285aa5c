// Bitwarden's JSON export, plain or protected by a password of its own (bitwarden-sealed.ts opens that one).
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import { openBitwarden } from './bitwarden-sealed.ts'
import { collect } from './collect.ts'
import type { Collector } from './collect.ts'
import type { Foreign, Importer } from './importer.ts'
import { jsonOf, maybeJson, parseJson } from './json.ts'
import type { Json, JsonFile } from './json.ts'

/** Parts of an item, by kind, and the word that each member gets in a key. Members not named here hold no value. */
const PARTS: Readonly<Record<string, readonly (readonly [member: string, word: string])[]>> = {
  login: [
    ['username', 'username'],
    ['password', 'password'],
    ['totp', 'totp'],
  ],
  card: [
    ['cardholderName', 'cardholder name'],
    ['brand', 'brand'],
    ['number', 'number'],
    ['expMonth', 'expiry month'],
    ['expYear', 'expiry year'],
    ['code', 'code'],
  ],
  identity: [
    ['title', 'title'],
    ['firstName', 'first name'],
    ['middleName', 'middle name'],
    ['lastName', 'last name'],
    ['company', 'company'],
    ['email', 'email'],
    ['phone', 'phone'],
    ['username', 'username'],
    ['ssn', 'ssn'],
    ['passportNumber', 'passport number'],
    ['licenseNumber', 'license number'],
    ['address1', 'address 1'],
    ['address2', 'address 2'],
    ['address3', 'address 3'],
    ['city', 'city'],
    ['state', 'state'],
    ['postalCode', 'postal code'],
    ['country', 'country'],
  ],
  sshKey: [
    ['privateKey', 'private key'],
    ['publicKey', 'public key'],
    ['keyFingerprint', 'fingerprint'],
  ],
}
/** Type of a field that only points at another part of its item. */
const LINKED = '3'

export const bitwarden: Importer = {
  format: 'bitwarden',
  about: 'a Bitwarden export (JSON)',
  isClear({ bytes, path }) {
    const json = maybeJson(bytes, path)
    return json?.at(json.root, 'encrypted')?.kind === 'false'
  },

  recognise({ bytes, path }) {
    const json = maybeJson(bytes, path)
    const encrypted = json?.at(json.root, 'encrypted')?.kind
    if (json === undefined || (encrypted !== 'true' && encrypted !== 'false')) return false
    return json.at(json.root, 'items')?.kind === 'list' || encrypted === 'true'
  },

  async read({ bytes, path }, ask) {
    const json = jsonOf(bytes, path)
    if (json.at(json.root, 'encrypted')?.kind !== 'true') return readItems(json, path)
    const plain = await openBitwarden(json, path, ask)
    try {
      return await readItems(parseJson(plain, path), path)
    } finally {
      plain.fill(0)
    }
  },
}

function readItems(json: JsonFile, path: string): Promise<Foreign> {
  const items = json.at(json.root, 'items')
  if (items?.kind !== 'list') throw new Failure('failed', `${printable(path)} holds no list of items`)
  const folders = new Map<string, string>()
  for (const kind of ['folders', 'collections']) {
    for (const folder of json.items(json.at(json.root, kind))) {
      folders.set(json.text(json.at(folder, 'id')), json.text(json.at(folder, 'name')))
    }
  }
  return collect((collector) => {
    for (const item of items.items) {
      if (item.kind === 'map') readItem(json, item, folders, collector)
      else collector.leaveOut('an item', `${path}:${json.line(item)}`, 'it is no object')
    }
  })
}

function readItem(json: JsonFile, item: Json, folders: ReadonlyMap<string, string>, collector: Collector): void {
  const title = json.text(json.at(item, 'name'))
  const [collection] = json.items(json.at(item, 'collectionIds'))
  const folder = folders.get(json.text(json.at(item, 'folderId'))) ?? folders.get(json.text(collection)) ?? ''
  const where = [folder, title].filter((part) => part !== '').join(' / ')
  const deleted = json.at(item, 'deletedDate')
  if (deleted !== undefined && deleted.kind !== 'null') {
    collector.leaveOut('the whole item', where, 'it is in the trash')
    return
  }
  const take = (word: string, node: Json | undefined): void => {
    if (node !== undefined) collector.take([title, word], json.value(node), `${where} / ${word}`)
  }

  for (const [part, members] of Object.entries(PARTS)) {
    const inner = json.at(item, part)
    if (inner?.kind === 'map') for (const [member, word] of members) take(word, json.at(inner, member))
  }
  for (const uri of json.items(json.at(item, 'login', 'uris'))) take('url', json.at(uri, 'uri'))
  take('notes', json.at(item, 'notes'))
  for (const field of json.items(json.at(item, 'fields'))) {
    const name = json.text(json.at(field, 'name')) || 'field'
    if (new TextDecoder().decode(json.value(json.at(field, 'type'))) !== LINKED) take(name, json.at(field, 'value'))
    else collector.leaveOut(name, where, 'a link to another field of the item')
  }
  const passkeys = json.items(json.at(item, 'login', 'fido2Credentials')).length
  if (passkeys > 0) collector.leaveOut(`${passkeys} passkey(s)`, where, 'a passkey works only where it was made')
  const history = json.items(json.at(item, 'passwordHistory')).length
  if (history > 0) collector.leaveOut(`${history} earlier password(s)`, where, 'only the present one is taken')
  const files = json.items(json.at(item, 'attachments')).length
  if (files > 0) collector.leaveOut(`${files} file(s)`, where, 'attachments are not in the export')
}
