// The configuration files of AI clients: our entry is put in, and everything else in them stays. A file that cannot be
// understood is left alone. No entry holds a passphrase.
import { Failure } from '../lib/errors.ts'

/** How a client writes its servers down. */
export type ClientFormat = 'mcpServers' | 'servers' | 'toml'

export interface ServerEntry {
  name: string
  command: string
  args: readonly string[]
}

/** What a file becomes. `added` and `removed` are the lines of our own entry; nothing else is ever shown. */
export interface Edited {
  text: string
  added: string[]
  removed: string[]
}

/** `text` (undefined: there is no file) with `entry` in it. Throws `failed` for a file that is not understood. */
export function withServer(format: ClientFormat, text: string | undefined, entry: ServerEntry): Edited {
  return format === 'toml' ? inToml(text ?? '', entry) : inJson(format, text ?? '', entry)
}

function inJson(format: 'mcpServers' | 'servers', text: string, { name, command, args }: ServerEntry): Edited {
  const root = text.trim() === '' ? {} : parseObject(text)
  const servers = root[format] ?? {}
  if (!isObject(servers)) throw notUnderstood(`${format} is no object`)
  const fresh = format === 'servers' ? { type: 'stdio', command, args } : { command, args }
  const old = servers[name]
  const indent = /^([ \t]+)"/m.exec(text)?.[1] ?? '  '
  const print = (value: unknown): string => `${JSON.stringify(value, undefined, indent)}\n`
  return {
    text: print({ ...root, [format]: { ...servers, [name]: fresh } }),
    added: linesOf(print({ [format]: { [name]: fresh } })),
    // An entry of somebody else under our name may hold a value: its lines are counted, not shown.
    removed: old === undefined ? [] : linesOf(print(isOurs(old) ? { [name]: old } : { [name]: '…' })),
  }
}

function parseObject(text: string): Record<string, unknown> {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw notUnderstood('it is not JSON; comments are not taken either')
  }
  if (!isObject(parsed)) throw notUnderstood('it does not hold an object')
  return parsed
}

function inToml(text: string, { name, command, args }: ServerEntry): Edited {
  const before = parseToml(text)
  const header = `[mcp_servers.${name}]`
  const block = [header, `command = ${JSON.stringify(command)}`, `args = ${JSON.stringify(args)}`]
  const lines = text.split('\n')
  const at = lines.findIndex((line) => line.trim() === header)
  let removed: string[] = []
  if (at >= 0) {
    const next = lines.findIndex((line, index) => index > at && /^\s*\[/.test(line))
    const end = next < 0 ? lines.length : next
    const own = lines.splice(at, end - at, ...block, '')
    removed = own.filter((line) => /^\s*(?:\[|command\b|args\b)/.test(line))
  } else {
    while (lines.at(-1) === '') lines.pop()
    lines.push(...(lines.length > 0 ? [''] : []), ...block)
  }
  const edited = `${lines.join('\n').trimEnd()}\n`
  const after = parseToml(edited)
  const others = (root: Record<string, unknown>): string =>
    JSON.stringify(root, (key, value: unknown) => (key === name ? undefined : value))
  const servers = after['mcp_servers']
  const kept = others({ mcp_servers: {}, ...before }) === others({ mcp_servers: {}, ...after })
  if (!isObject(servers) || !isObject(servers[name]) || !kept) throw notUnderstood('the entry does not fit into it')
  return { text: edited, added: block, removed }
}

function parseToml(text: string): Record<string, unknown> {
  try {
    return Bun.TOML.parse(text) as Record<string, unknown>
  } catch {
    throw notUnderstood('it is not TOML')
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isOurs(value: unknown): boolean {
  return isObject(value) && Object.keys(value).every((key) => ['type', 'command', 'args'].includes(key))
}

function linesOf(text: string): string[] {
  return text.trimEnd().split('\n')
}

function notUnderstood(why: string): Failure {
  return new Failure('failed', `the configuration is left as it is: ${why}`, {
    hint: '--dry-run shows what to put into it by hand',
  })
}
