// Doppler's JSON: `doppler secrets download --format json` (names and values), `doppler secrets --json` and the answer
// of its API (names, each with its raw and its computed value). The computed one is what a program would be given.
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import { collect } from './collect.ts'
import type { Importer } from './importer.ts'
import { jsonOf, maybeJson } from './json.ts'
import type { Json, JsonFile } from './json.ts'

/** Put in by Doppler itself. They say where the secrets came from. */
const OWN = new Set(['DOPPLER_PROJECT', 'DOPPLER_ENVIRONMENT', 'DOPPLER_CONFIG'])

export const doppler: Importer = {
  format: 'doppler',
  about: 'secrets of Doppler (JSON)',
  isClear: () => true,

  recognise({ bytes, path }) {
    const json = maybeJson(bytes, path)
    if (json === undefined) return false
    const members = json.members(secretsOf(json))
    const detailed = members.every(
      ([, node]) => json.at(node, 'computed') !== undefined || json.at(node, 'raw') !== undefined,
    )
    return members.length > 0 && (detailed || members.filter(([name]) => OWN.has(name)).length >= 2)
  },

  async read({ bytes, path }) {
    const json = jsonOf(bytes, path)
    if (json.root.kind !== 'map') throw new Failure('failed', `${printable(path)} holds no object of secrets`)
    return collect((collector) => {
      for (const [name, node] of json.members(secretsOf(json))) {
        if (OWN.has(name)) {
          collector.ignore(name, `${path}:${json.line(node)}`, 'Doppler itself put it in')
          continue
        }
        const value = node.kind === 'map' ? (json.at(node, 'computed') ?? json.at(node, 'raw')) : node
        if (value === undefined || value.kind === 'null') {
          collector.leaveOut(name, `${path}:${json.line(node)}`, 'its value is not in the file')
        } else collector.takeNamed(name, json.value(value), name)
      }
    })
  },
}

function secretsOf(json: JsonFile): Json {
  const inner = json.at(json.root, 'secrets')
  return inner?.kind === 'map' ? inner : json.root
}
