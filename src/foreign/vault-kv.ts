// One secret of HashiCorp Vault's key-value engine, as `vault kv get -format=json` prints it: version 1 has the pairs
// in `data`, version 2 has them in `data.data` beside their metadata.
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import { collect } from './collect.ts'
import type { Importer } from './importer.ts'
import { jsonOf, maybeJson } from './json.ts'
import type { Json, JsonFile } from './json.ts'

export const vaultKv: Importer = {
  format: 'vault',
  about: 'a secret of HashiCorp Vault KV (JSON)',
  isClear: () => true,

  recognise({ bytes, path }) {
    const json = maybeJson(bytes, path)
    if (json === undefined || json.at(json.root, 'data') === undefined) return false
    return ['request_id', 'lease_id', 'lease_duration'].every((name) => json.at(json.root, name) !== undefined)
  },

  async read({ bytes, path }) {
    const json = jsonOf(bytes, path)
    const pairs = pairsOf(json)
    if (pairs?.kind !== 'map') {
      throw new Failure('failed', `${printable(path)} holds no pairs; that version of the secret may be deleted`, {
        hint: 'vault kv get -format=json MOUNT/NAME > FILE',
      })
    }
    return collect((collector) => {
      for (const [name, node] of pairs.members) {
        if (node.kind === 'null') collector.leaveOut(name, `${path}:${json.line(node)}`, 'it is null')
        else collector.takeNamed(name, json.value(node), name)
      }
    })
  },
}

/** A version 1 secret may have a pair called `data` or `metadata`; both together, of these kinds, are version 2. */
function pairsOf(json: JsonFile): Json | undefined {
  const data = json.at(json.root, 'data')
  const isSecond = data?.kind === 'map' && data.members.size === 2 && json.at(data, 'metadata', 'version') !== undefined
  return isSecond ? json.at(data, 'data') : data
}
