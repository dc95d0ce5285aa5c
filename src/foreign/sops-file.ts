// The three layouts in which SOPS keeps its files (YAML, JSON, dotenv), brought into one form: the values in the order of
// the file, which its checksum depends on, and the metadata.
import { utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import { jsonOf, looksLikeJson } from './json.ts'
import type { Json, JsonFile } from './json.ts'
import { linesOf } from './lines.ts'
import { parseYaml } from './yaml.ts'

/** One value. `path` holds the names on the way to it and binds it; `parts` also holds the places in lists. */
export interface SopsLeaf {
  path: readonly string[]
  parts: readonly string[]
  /** As it stands in the file: `ENC[…]`, or the bytes that the checksum covers when it is not encrypted. */
  value: Uint8Array
}

export interface SopsFile {
  layout: 'yaml' | 'json' | 'dotenv'
  leaves: SopsLeaf[]
  /** Armored age files, each with the data key in it. */
  age: string[]
  mac: string
  lastModified: string
  /** The checksum covers only what is encrypted. */
  macOnlyEncrypted: boolean
  /** The data key is split over several groups of keys. */
  grouped: boolean
}

const MAX_DEPTH = 50
const MAX_LEAVES = 100_000
const DOTENV_HEAD = 'sops_'

/** What YAML and JSON become before they are walked. A Map keeps the order of its names. */
type Tree = Uint8Array | readonly Tree[] | ReadonlyMap<string, Tree> | undefined

/** Whether the content is a file of SOPS, and in which layout. */
export function sopsLayout(bytes: Uint8Array): SopsFile['layout'] | undefined {
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (content.indexOf('ENC[AES256_GCM,') === -1) return undefined
  if (looksLikeJson(bytes)) return content.indexOf('"sops"') === -1 ? undefined : 'json'
  const starts = (word: string): boolean => content.indexOf(word) === 0 || content.indexOf(`\n${word}`) !== -1
  if (starts('sops_mac=')) return 'dotenv'
  return starts('sops:') ? 'yaml' : undefined
}

/** Takes the file apart. Throws `failed` when it has not the form that SOPS writes. */
export function readSops(bytes: Uint8Array, path: string): SopsFile {
  const layout = sopsLayout(bytes)
  if (layout === undefined)
    throw new Failure('failed', `${printable(path)} is not a file of SOPS in YAML, JSON or dotenv`)
  if (layout === 'dotenv') return readDotenv(bytes, path)
  const tree = layout === 'json' ? ofJson(jsonOf(bytes, path)) : ofYaml(bytes, path)
  if (!(tree instanceof Map)) throw new Failure('failed', `${printable(path)} does not hold one mapping`)
  const metadata = tree.get('sops')
  const texts = (node: Tree): string => (node instanceof Uint8Array ? new TextDecoder().decode(node) : '')
  const member = (name: string): Tree => (metadata instanceof Map ? metadata.get(name) : undefined)
  const leaves: SopsLeaf[] = []
  for (const [name, node] of tree) if (name !== 'sops') walk(node, [name], [name], leaves, path)
  const keys = member('age')
  const groups = member('key_groups')
  return {
    layout,
    leaves,
    age: Array.isArray(keys) ? keys.map((key: Tree) => (key instanceof Map ? texts(key.get('enc')) : '')) : [],
    mac: texts(member('mac')),
    lastModified: texts(member('lastmodified')),
    macOnlyEncrypted: /^true$/i.test(texts(member('mac_only_encrypted'))),
    grouped: Array.isArray(groups) && groups.length > 0,
  }
}

function walk(node: Tree, path: readonly string[], parts: readonly string[], into: SopsLeaf[], file: string): void {
  if (parts.length > MAX_DEPTH)
    throw new Failure('failed', `${printable(file)} is nested deeper than ${MAX_DEPTH} levels`)
  if (into.length >= MAX_LEAVES) throw new Failure('failed', `${printable(file)} holds more than ${MAX_LEAVES} values`)
  if (node instanceof Uint8Array) into.push({ path, parts, value: node })
  else if (node instanceof Map) {
    for (const [name, inner] of node) walk(inner, [...path, name], [...parts, name], into, file)
  } else if (Array.isArray(node)) {
    node.forEach((inner: Tree, index) => walk(inner, path, [...parts, String(index)], into, file))
  }
}

function ofJson(json: JsonFile, node: Json = json.root): Tree {
  switch (node.kind) {
    case 'text':
      return json.value(node)
    case 'number':
      return utf8(numeral(Number(new TextDecoder().decode(json.value(node)))))
    case 'true':
    case 'false':
      return utf8(node.kind === 'true' ? 'True' : 'False')
    case 'list':
      return node.items.map((item) => ofJson(json, item))
    case 'map':
      return new Map([...node.members].map(([name, inner]) => [name, ofJson(json, inner)]))
    default:
      return undefined
  }
}

function ofYaml(bytes: Uint8Array, path: string): Tree {
  const content = new TextDecoder().decode(bytes)
  let left = 2 * MAX_LEAVES

  function tree(node: unknown, depth: number): Tree {
    // Aliases make a small file big, and a circle endless.
    if (depth > MAX_DEPTH || --left < 0) throw new Failure('failed', `${printable(path)} is nested too deep or too big`)
    if (typeof node === 'string') return utf8(node)
    if (typeof node === 'number') return utf8(numeral(node))
    if (typeof node === 'boolean') return utf8(node ? 'True' : 'False')
    if (Array.isArray(node)) return node.map((item) => tree(item, depth + 1))
    if (typeof node !== 'object' || node === null) return undefined
    return new Map(inFileOrder(Object.entries(node), content).map(([name, inner]) => [name, tree(inner, depth + 1)]))
  }

  return tree(parseYaml(bytes, path), 0)
}

/** JavaScript moves names that are whole numbers to the front. Encrypted values are unique, so they tell the order. */
function inFileOrder(entries: [string, unknown][], content: string): [string, unknown][] {
  if (!entries.some(([name]) => /^(?:0|[1-9]\d{0,9})$/.test(name))) return entries
  const place = new Map(entries.map((entry) => [entry, content.indexOf(firstSealed(entry[1]) ?? '')]))
  return entries.toSorted((a, b) => place.get(a)! - place.get(b)!)
}

function firstSealed(node: unknown, depth = 0): string | undefined {
  if (typeof node === 'string') return node.startsWith('ENC[') ? node : undefined
  if (typeof node !== 'object' || node === null || depth > MAX_DEPTH) return undefined
  for (const inner of Object.values(node)) {
    const found = firstSealed(inner, depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}

/** A number as SOPS writes it into the checksum: all digits, no exponent. */
function numeral(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? BigInt(value).toString() : String(value)
}

/** `NAME=VALUE` lines; a line end inside a value is written `\n`, quotes mean nothing; metadata has names `sops_…`. */
function readDotenv(bytes: Uint8Array, path: string): SopsFile {
  const leaves: SopsLeaf[] = []
  const metadata = new Map<string, string>()
  for (const { line, bytes: raw } of linesOf(bytes)) {
    if (raw.length === 0 || raw[0] === 0x23) continue
    const equals = raw.indexOf(0x3d)
    if (equals < 1) throw new Failure('failed', `${printable(path)}: line ${line} is not NAME=VALUE`)
    const name = new TextDecoder().decode(raw.subarray(0, equals))
    const value = withLineEnds(raw.subarray(equals + 1))
    if (!name.startsWith(DOTENV_HEAD)) leaves.push({ path: [name], parts: [name], value })
    else if (!metadata.has(name)) metadata.set(name, new TextDecoder().decode(value))
    else throw new Failure('failed', `${printable(path)}: line ${line}: ${printable(name)} stands twice`)
  }
  const named = (pattern: RegExp): string[] =>
    [...metadata].flatMap(([name, value]) => (pattern.test(name) ? [value] : []))
  return {
    layout: 'dotenv',
    leaves,
    age: named(/^sops_age__list_\d+__map_enc$/),
    mac: metadata.get('sops_mac') ?? '',
    lastModified: metadata.get('sops_lastmodified') ?? '',
    macOnlyEncrypted: /^true$/i.test(metadata.get('sops_mac_only_encrypted') ?? ''),
    grouped: named(/^sops_key_groups__/).length > 0,
  }
}

function withLineEnds(raw: Uint8Array): Uint8Array {
  const whole = new Uint8Array(raw.length)
  let size = 0
  for (let i = 0; i < raw.length; i++) {
    const isEnd = raw[i] === 0x5c && raw[i + 1] === 0x6e
    whole[size++] = isEnd ? 0x0a : raw[i]!
    if (isEnd) i++
  }
  return whole.subarray(0, size)
}
