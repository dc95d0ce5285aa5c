// 1Password's export file (1PUX): a ZIP archive with `export.data`, JSON of accounts, vaults and items. Attachments lie
// beside it in the archive and are not taken, because a secret here is one value with a name.
import { collect } from './collect.ts'
import type { Collector } from './collect.ts'
import type { Importer } from './importer.ts'
import { parseJson } from './json.ts'
import type { Json, JsonFile } from './json.ts'
import { looksLikeZip, readZip, zipNames } from './zip.ts'

const CONTENT = 'export.data'
/** Kinds of field values that are no text, and why they stay behind. */
const UNTAKEN: Readonly<Record<string, string>> = {
  file: 'an attachment',
  reference: 'a link to another item',
  passkey: 'a passkey works only where it was made',
  ssoLogin: 'a sign-in by another service',
}

export const onePux: Importer = {
  format: '1pux',
  about: 'a 1Password export (1PUX)',
  isClear: () => true,

  recognise({ bytes, path }) {
    try {
      return looksLikeZip(bytes) && zipNames(bytes, path).includes(CONTENT)
    } catch {
      return false
    }
  },

  async read({ bytes, path }) {
    const content = readZip(bytes, CONTENT, path)
    try {
      const json = parseJson(content, `${path}: ${CONTENT}`)
      return await collect((collector) => {
        for (const account of json.items(json.at(json.root, 'accounts'))) {
          for (const vault of json.items(json.at(account, 'vaults'))) {
            const name = json.text(json.at(vault, 'attrs', 'name'))
            for (const item of json.items(json.at(vault, 'items'))) readItem(json, item, name, collector)
          }
        }
      })
    } finally {
      content.fill(0)
    }
  },
}

function readItem(json: JsonFile, outer: Json, vault: string, collector: Collector): void {
  // Early versions of the format wrap the item.
  const item = json.at(outer, 'item') ?? outer
  const title = json.text(json.at(item, 'overview', 'title'))
  const where = [vault, title].filter((part) => part !== '').join(' / ')
  const state = json.at(item, 'trashed')?.kind === 'true' ? 'trashed' : json.text(json.at(item, 'state'))
  if (state === 'trashed' || state === 'archived') {
    collector.leaveOut('the whole item', where, `it is ${state === 'trashed' ? 'in the trash' : 'archived'}`)
    return
  }
  const details = json.at(item, 'details')
  const take = (parts: readonly string[], node: Json | undefined): void => {
    if (node !== undefined) collector.take([title, ...parts], json.value(node), [where, ...parts].join(' / '))
  }

  for (const field of json.items(json.at(details, 'loginFields'))) {
    const name = json.text(json.at(field, 'designation')) || json.text(json.at(field, 'name'))
    take([name || json.text(json.at(field, 'id')) || 'field'], json.at(field, 'value'))
  }
  take(['password'], json.at(details, 'password'))
  for (const url of urls(json, json.at(item, 'overview'))) take(['url'], url)
  take(['notes'], json.at(details, 'notesPlain'))
  for (const section of json.items(json.at(details, 'sections'))) {
    const heading = json.text(json.at(section, 'title'))
    for (const field of json.items(json.at(section, 'fields'))) {
      const name = json.text(json.at(field, 'title')) || json.text(json.at(field, 'id')) || 'field'
      const parts = heading === '' ? [name] : [heading, name]
      for (const [kind, node] of json.members(json.at(field, 'value'))) readValue(kind, node, parts)
    }
  }
  const history = json.items(json.at(details, 'passwordHistory')).length
  if (history > 0) collector.leaveOut(`${history} earlier password(s)`, where, 'only the present one is taken')
  const file = json.at(details, 'documentAttributes') ?? json.at(outer, 'file')
  if (file?.kind === 'map') collector.leaveOut('a file', where, 'an attachment')

  function readValue(kind: string, node: Json, parts: readonly string[]): void {
    const why = UNTAKEN[kind]
    if (why !== undefined) {
      if (node.kind !== 'null') collector.leaveOut(parts.join(' / '), where, why)
    } else if (kind === 'sshKey') take(parts, json.at(node, 'privateKey'))
    else if (node.kind === 'map') for (const [name, part] of json.members(node)) take([...parts, name], part)
    else if (node.kind === 'list') take(parts, node)
    // A date that was never filled in is 0.
    else if (!(['date', 'monthYear'].includes(kind) && json.value(node)[0] === 0x30)) take(parts, node)
  }
}

/** The addresses of an item, each once. */
function urls(json: JsonFile, overview: Json | undefined): Json[] {
  const found = new Map<string, Json>()
  for (const node of [
    json.at(overview, 'url'),
    ...json.items(json.at(overview, 'urls')).map((url) => json.at(url, 'url')),
  ]) {
    const text = json.text(node)
    if (node !== undefined && text !== '' && !found.has(text)) found.set(text, node)
  }
  return [...found.values()]
}
