// The programs that read what we print, and readers written from the documented rules for those that cannot be run
// here. A program that is missing is told in capitals by `missing`: then something was not proved.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What a reader made of a file: values by name. */
export type Read = Map<string, Uint8Array>

/** True, and said aloud, when `program` is not installed. */
export function missing(program: string, what: string): boolean {
  if (Bun.which(program) !== null || existsSync(program)) return false
  console.log(`\n!!! ${program} is not installed: ${what} was NOT TESTED with the real program\n`)
  return true
}

/** A file with `content` in a folder of its own, for as long as `use` runs. */
async function withFile<T>(content: Uint8Array, use: (file: string, folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'tvault-readers-'))
  try {
    const file = join(folder, 'file.env')
    writeFileSync(file, content)
    return await use(file, folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function run(command: readonly string[], environment: Record<string, string> = {}): Uint8Array {
  const child = Bun.spawnSync([...command], { env: { PATH: '/usr/bin:/bin', HOME: '/dev/null', ...environment } })
  const told = child.stderr.toString()
  if (child.exitCode !== 0 || told !== '') throw new Error(`${command[0]} ended with ${child.exitCode}: ${told}`)
  return new Uint8Array(child.stdout)
}

/** The output of `env -0`. */
function environmentOf(bytes: Uint8Array): Read {
  const read: Read = new Map()
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(0, from)
    const equals = bytes.indexOf(0x3d, from)
    read.set(Buffer.from(bytes.subarray(from, equals)).toString(), bytes.slice(equals + 1, end))
    from = end + 1
  }
  return read
}

/** What `sh`, `dash` or `bash` has in its environment after sourcing the file. */
export function byShell(shell: string, content: Uint8Array): Promise<Read> {
  return withFile(content, (file) => environmentOf(run([shell, '-c', 'set -a; . "$0"; env -0', file])))
}

export function byFish(content: Uint8Array): Promise<Read> {
  return withFile(content, (file, folder) =>
    environmentOf(run(['fish', '--no-config', '-c', 'source $argv[1]; env -0', file], { HOME: folder })),
  )
}

export function byNode(content: Uint8Array, names: readonly string[], node = 'node'): Promise<Read> {
  const program = `console.log(JSON.stringify(process.argv.slice(1).map((n) => Buffer.from(process.env[n] ?? '(none)').toString('base64'))))`
  return withFile(content, (file) => {
    const path = Bun.which(node) ?? node
    const values = JSON.parse(Buffer.from(run([path, `--env-file=${file}`, '-e', program, ...names])).toString())
    return new Map((values as string[]).map((value, i) => [names[i]!, new Uint8Array(Buffer.from(value, 'base64'))]))
  })
}

/** The real docker client; the engine it talks to is played here, over a socket, and notes what it was sent. */
export function byDocker(content: Uint8Array): Promise<Read> {
  return withFile(content, async (file, folder) => {
    let entries: string[] = []
    const engine = Bun.serve({
      unix: join(folder, 'engine.sock'),
      async fetch(request) {
        const { pathname } = new URL(request.url)
        if (pathname.endsWith('/_ping'))
          return new Response('OK', { headers: { 'Api-Version': '1.45', Ostype: 'linux' } })
        if (!pathname.endsWith('/containers/create')) return Response.json({ message: 'not played' }, { status: 404 })
        entries = ((await request.json()) as { Env: string[] }).Env
        return Response.json({ Id: 'played', Warnings: [] }, { status: 201 })
      },
    })
    try {
      const child = Bun.spawn([Bun.which('docker') ?? 'docker', 'create', '--env-file', file, 'image'], {
        env: { PATH: '/usr/bin:/bin', HOME: folder, DOCKER_HOST: `unix://${join(folder, 'engine.sock')}` },
        stdout: 'ignore',
        stderr: 'pipe',
      })
      const told = await child.stderr.text()
      if ((await child.exited) !== 0) throw new Error(`docker: ${told}`)
    } finally {
      await engine.stop(true)
    }
    return pairs(entries)
  })
}

function pairs(entries: readonly string[]): Read {
  return new Map(
    entries.map((entry) => {
      const equals = entry.indexOf('=')
      return [entry.slice(0, equals), new Uint8Array(Buffer.from(entry.slice(equals + 1)))]
    }),
  )
}

/** The documented rules of docker's env files: lines as they are; newer versions take a pair of quotes off. */
export function asDocker(content: Uint8Array, takesQuotesOff: boolean): Read {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(content)
  const lines = text.split('\n').map((line) => line.replace(/\r$/, '').replace(/^\s+/u, ''))
  if (lines.some((line) => Buffer.byteLength(line) > 65_535)) throw new Error('a line is too long')
  const kept = lines.filter((line) => line !== '' && !line.startsWith('#'))
  return pairs(kept.map((line) => (takesQuotesOff ? line.replace(/^([^=]*=)(['"])(.*)\2$/s, '$1$3') : line)))
}

/** Where systemd keeps the program that reads files of this grammar without a service manager. */
export const ENVIRONMENT_D = '/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator'

/** The reader inside of systemd. For values without `$` only: in environment.d, unlike EnvironmentFile=, it is replaced. */
export function bySystemd(content: Uint8Array): Promise<Read> {
  return withFile(content, (_, folder) => {
    const child = Bun.spawnSync(
      [
        'sh',
        '-c',
        'mkdir "$0/environment.d" && cp "$0/file.env" "$0/environment.d/1.conf" && exec "$1"',
        folder,
        ENVIRONMENT_D,
      ],
      {
        env: { PATH: '/usr/bin:/bin', HOME: folder, XDG_CONFIG_HOME: folder },
      },
    )
    if (child.exitCode !== 0) throw new Error(child.stderr.toString())
    return environmentDLines(child.stdout.toString())
  })
}

/** Lines `NAME=value`; a value that needs it stands in double quotes, with the escapes of C. */
function environmentDLines(text: string): Read {
  const named: Record<string, string> = { n: '\n', t: '\t', r: '\r', a: '\u0007', b: '\b', f: '\f', v: '\v' }
  const lines = text.split('\n').filter((line) => line !== '')
  return pairs(
    lines.map((line) => {
      const [, start = '', quoted] = /^(\w+=)\$?"(.*)"$/s.exec(line) ?? []
      return quoted === undefined ? line : start + quoted.replace(/\\(.)/gs, (_, c: string) => named[c] ?? c)
    }),
  )
}

/** The documented rules of EnvironmentFile= (systemd.exec(5)): quotes of a shell, pieces joined, comments, no `$`. */
export function asSystemd(content: Uint8Array): Read {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content)
  const read: Read = new Map()
  for (let at = 0; at < text.length; at++) {
    const equals = text.indexOf('=', at)
    if (equals < 0) break
    const name = text.slice(at, equals).trim()
    let value = ''
    at = equals + 1
    while (at < text.length && text[at] !== '\n') {
      const c = text[at]!
      if (c === "'") {
        const end = text.indexOf("'", at + 1)
        value += text.slice(at + 1, end)
        at = end + 1
      } else if (c === '"') {
        for (at++; text[at] !== '"'; at++) {
          if (text[at] === '\\' && '"\\`$'.includes(text[at + 1]!)) at++
          value += text[at]
        }
        at++
      } else {
        value += c
        at++
      }
    }
    read.set(name, new Uint8Array(Buffer.from(value)))
  }
  return read
}

/** The documented rules of Compose's env files: quotes, escapes and `$` in double quotes, literal single quotes. */
export function asCompose(content: Uint8Array): Read {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content)
  const read: Read = new Map()
  let at = 0
  while (at < text.length) {
    const equals = text.indexOf('=', at)
    const name = text.slice(at, equals)
    if (!/^\w+$/.test(name)) throw new Error(`not a name: ${JSON.stringify(name)}`)
    const quote = text[equals + 1]
    let value = ''
    if (quote === '"' || quote === "'") {
      at = equals + 2
      for (; text[at] !== quote; at++) {
        if (at >= text.length) throw new Error('unterminated')
        if (text[at] === '\\') {
          at++
          value += text[at] === quote ? quote : `\\${text[at]}`
        } else value += text[at]
      }
      if (quote === '"') value = composeDouble(value)
      at++
    } else {
      at = text.indexOf('\n', equals)
      value = text.slice(equals + 1, at)
      if (/[$#\s]/.test(value)) throw new Error('a bare value that would be replaced or cut')
    }
    if (text[at] !== '\n') throw new Error(`text after the closing quote of ${name}`)
    at++
    read.set(name, new Uint8Array(Buffer.from(value)))
  }
  return read
}

function composeDouble(value: string): string {
  const known: Record<string, string> = { a: '\u0007', b: '\b', c: 'c', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }
  const unescaped = value.replace(/\\([abcfnrtv$"\\])/g, (_, c: string) => (c === '$' ? '$$' : (known[c] ?? c)))
  return unescaped.replace(/\$(\$|[A-Za-z_{]?)/g, (found, c: string) => {
    if (c === '$') return '$'
    throw new Error(`${found} would be replaced`)
  })
}

/** The rules of the runner for $GITHUB_ENV: `NAME<<mark`, lines, the mark; also with the line ends of Windows. */
export function asGithubEnv(content: Uint8Array, windows: boolean): Read {
  let rest = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content)
  const read: Read = new Map()
  const line = (): { text: string; end: string } => {
    const [, text = '', end = ''] = (windows ? /^([^\n]*?)(\r?\n)/ : /^([^\n]*)(\n)/).exec(rest) ?? []
    if (end === '') throw new Error('no line end')
    rest = rest.slice(text.length + end.length)
    return { text, end }
  }
  while (rest !== '') {
    const [, name = '', mark] = /^(\w+)<<(.+)$/.exec(line().text) ?? []
    let value = ''
    let before = ''
    for (let next = line(); next.text !== mark; next = line()) {
      value += before + next.text
      before = next.end
    }
    read.set(name, new Uint8Array(Buffer.from(value)))
  }
  return read
}

/** The values that a runner would hide after these lines of its log. */
export function asGithubMasks(content: Uint8Array): string[] {
  const lines = Buffer.from(content).toString().split(/\r?\n/).slice(0, -1)
  return lines.map((line) => {
    if (!line.startsWith('::add-mask::')) throw new Error('a line of the log that is no command')
    return line.slice('::add-mask::'.length).replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%')
  })
}
