// Infisical's JSON: the list that `infisical export --format json` prints (key, value), and the answer of its API
// (secretKey, secretValue). Folders and environments of Infisical are in none of the names.
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import { collect } from './collect.ts'
import type { Importer } from './importer.ts'
import { jsonOf, maybeJson } from './json.ts'
import type { Json, JsonFile } from './json.ts'

export const infisical: Importer = {
  format: 'infisical',
  about: 'secrets of Infisical (JSON)',
  isClear: () => true,

  recognise({ bytes, path }) {
    const json = maybeJson(bytes, path)
    const secrets = json && secretsOf(json)
    return (
      secrets?.kind === 'list' && secrets.items.length > 0 && secrets.items.every((node) => nameOf(json!, node) !== '')
    )
  },

  async read({ bytes, path }) {
    const json = jsonOf(bytes, path)
    const secrets = secretsOf(json)
    if (secrets?.kind !== 'list') throw new Failure('failed', `${printable(path)} holds no list of secrets`)
    return collect((collector) => {
      for (const node of secrets.items) {
        const name = nameOf(json, node)
        const where = `${path}:${json.line(node)}`
        const value = json.at(node, 'value') ?? json.at(node, 'secretValue')
        if (name === '') collector.leaveOut('an entry', where, 'it has no key')
        else if (value?.kind !== 'text') collector.leaveOut(name, where, 'its value is not in the file')
        else {
          const folder = json.text(json.at(node, 'secretPath')).replace(/^\/|\/$/g, '')
          collector.takeNamed(name, json.value(value), folder === '' ? name : `${folder}/${name}`)
        }
      }
    })
  },
}

function secretsOf(json: JsonFile): Json | undefined {
  return json.root.kind === 'list' ? json.root : json.at(json.root, 'secrets')
}

function nameOf(json: JsonFile, node: Json): string {
  if (json.at(node, 'value') === undefined && json.at(node, 'secretValue') === undefined) return ''
  return json.text(json.at(node, 'key')) || json.text(json.at(node, 'secretKey'))
}
