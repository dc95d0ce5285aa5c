// Reads YAML with the parser of the runtime, and refuses what that parser passes over: a name that stands twice in one
// mapping, of which it would silently take one.
import { text } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'

/** A name and its colon at the start of what is left of a line. */
const NAME = /^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'#&*!|>%@`{}[\],?-][^#:]*(?::[^\s#:][^#:]*)*)\s*:(?:\s+(.*))?$/
/** Longer lines are values. */
const LONGEST_NAME = 256

/** The document in `bytes`: maps, lists, and plain values. Throws `failed` with the line where that is known. */
export function parseYaml(bytes: Uint8Array, path: string): unknown {
  const content = text(bytes)
  if (content === undefined) throw new Failure('failed', `${printable(path)} is not UTF-8 text`)
  const twice = repeatedName(content)
  if (twice !== undefined) {
    throw new Failure(
      'failed',
      `${printable(path)}: line ${twice.line}: the name ${printable(twice.name)} stands twice`,
    )
  }
  try {
    return Bun.YAML.parse(content)
  } catch (cause) {
    // The message of the parser may quote the file, so it is not shown.
    throw new Failure('failed', `${printable(path)} is not valid YAML`, {
      cause: cause instanceof Error ? cause.name : '',
    })
  }
}

/** The first name that stands twice in one block mapping. Flow mappings (`{ … }`) are not looked into. */
export function repeatedName(content: string): { line: number; name: string } | undefined {
  const open: { indent: number; names: Set<string> }[] = []
  let blockDeeperThan: number | undefined
  let number = 0
  for (const line of content.split('\n')) {
    number++
    let indent = line.search(/[^ ]/)
    if (indent === -1 || line[indent] === '#' || line[indent] === '\r') continue
    if (blockDeeperThan !== undefined && indent > blockDeeperThan) continue
    blockDeeperThan = undefined
    if (/^(?:---|\.\.\.)(?:\s|$)/.test(line)) {
      open.length = 0
      continue
    }
    let rest = line.slice(indent, indent + LONGEST_NAME)
    // Each `- ` opens an item, and the mapping inside of it starts afresh.
    for (let dash = /^-(\s+|$)/.exec(rest); dash; dash = /^-(\s+|$)/.exec(rest)) {
      while (open.length > 0 && open.at(-1)!.indent > indent) open.pop()
      indent += dash[0].length
      rest = rest.slice(dash[0].length)
    }
    const fresh = indent !== line.search(/[^ ]/)
    while (open.length > 0 && (open.at(-1)!.indent > indent || (fresh && open.at(-1)!.indent === indent))) open.pop()
    const found = NAME.exec(rest.trimEnd())
    if (!found) continue
    if (/^(?:[&!]\S+\s+)*[|>][-+0-9]*(?:\s+#.*)?$/.test(found[2] ?? '')) blockDeeperThan = indent
    const name = found[1]!.trim().replace(/^(["'])(.*)\1$/, '$2')
    if (open.at(-1)?.indent !== indent) open.push({ indent, names: new Set() })
    const { names } = open.at(-1)!
    if (names.has(name)) return { line: number, name }
    names.add(name)
  }
  return undefined
}
