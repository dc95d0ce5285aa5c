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

/** The largest file; its values are looked at several times. */
const MAX_BYTES = 16_777_216
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
  if (bytes.length > MAX_BYTES)
    throw new Failure('failed', `${printable(path)} exceeds the limit of ${MAX_BYTES} bytes`)
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
  const sealed = new TextDecoder().decode(bytes).matchAll(/ENC\[AES256_GCM,[^\]\n]*\]/g)
  const places = new Map([...sealed].map((found) => [found[0], found.index]))
  const known = new WeakMap<object, number>()
  let left = 2 * MAX_LEAVES

  function tree(node: unknown, depth: number): Tree {
    // Aliases make a small file big, and a circle endless.
    if (depth > MAX_DEPTH || --left < 0) throw new Failure('failed', `${printable(path)} is nested too deep or too big`)
    if (typeof node === 'string') return utf8(node)
    if (typeof node === 'number') return utf8(numeral(node))
    if (typeof node === 'boolean') return utf8(node ? 'True' : 'False')
    if (Array.isArray(node)) return node.map((item) => tree(item, depth + 1))
    if (typeof node !== 'object' || node === null) return undefined
    return new Map(
      inFileOrder(Object.entries(node), places, known).map(([name, inner]) => [name, tree(inner, depth + 1)]),
    )
  }

  return tree(parseYaml(bytes, path), 0)
}

/** JavaScript moves names that are whole numbers to the front. Encrypted values are unique, so they tell the order. */
function inFileOrder(
  entries: [string, unknown][],
  places: ReadonlyMap<string, number>,
  known: WeakMap<object, number>,
): [string, unknown][] {
  if (!entries.some(([name]) => /^(?:0|[1-9]\d{0,9})$/.test(name))) return entries
  const placed = entries.map((entry) => ({ entry, at: placeOf(entry[1], places, known) }))
  return placed.sort((a, b) => a.at - b.at).map(({ entry }) => entry)
}

/** Where the first encrypted value below `node` stands; -1 without one. Each object is looked at once. */
function placeOf(
  node: unknown,
  places: ReadonlyMap<string, number>,
  known: WeakMap<object, number>,
  depth = 0,
): number {
  if (typeof node === 'string') return places.get(node) ?? -1
  if (typeof node !== 'object' || node === null || depth > MAX_DEPTH) return -1
  const seen = known.get(node)
  if (seen !== undefined) return seen
  known.set(node, -1)
  const found = Object.values(node)
    .map((inner) => placeOf(inner, places, known, depth + 1))
    .filter((at) => at !== -1)
  const first = found.reduce((least, at) => Math.min(least, at), Number.POSITIVE_INFINITY)
  const at = Number.isFinite(first) ? first : -1
  known.set(node, at)
  return at
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
