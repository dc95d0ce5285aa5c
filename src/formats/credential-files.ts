// Writes one credential into a file of another program by that program's own grammar, and leaves the rest as it is:
// .npmrc, .netrc, the configuration of docker. A door: the value is put between the lines of the file.
// The rule: a value that the grammar cannot hold is refused, never bent; a file that is not understood is not touched.
import { text } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { Secret } from '../lib/secret.ts'

export interface Credential {
  /** Registry (npm, docker) or machine (netrc), with a port when it has one. */
  host: string
  user: string
  value: Secret
}

export type CredentialFormat = 'npmrc' | 'netrc' | 'docker'

const HOST = /^[A-Za-z0-9.-]+(?::\d{1,5})?(?:\/[A-Za-z0-9._~/-]*)?$/
const USER = /^[\x21-\x7e]{1,200}$/

/**
 * `file` with the credential in it, for the caller to wipe. Throws `failed` for a value or a file that does not go
 * together, `usage` for a host or user that is none. Wipes nothing.
 */
export function withCredential(file: Uint8Array, format: CredentialFormat, { host, user, value }: Credential): Secret {
  const before = text(file)
  if (before === undefined) throw new Failure('failed', 'the file is not text: it is not touched')
  if (!HOST.test(host)) throw new Failure('usage', 'the argument host must be the name of a host')
  if (format !== 'npmrc' && !USER.test(user))
    throw new Failure('usage', 'the argument user must be a name without blanks')
  const word = text(value.reveal())
  if (word === undefined || word === '' || !/^[\x20-\x7e]+$/.test(word)) throw unfit(format)
  if (format === 'npmrc') return Secret.fromText(inNpmrc(before, host, word))
  if (format === 'netrc') return Secret.fromText(inNetrc(before, host, user, word))
  return Secret.fromText(inDocker(before, host, user, word))
}

/** ini of npm: `//host/path/:_authToken=value`; `;` and `#` begin comments, `${}` is a variable. */
function inNpmrc(before: string, host: string, value: string): string {
  if (/[\s;#"'\\=$]/.test(value.replace(/=+$/, ''))) throw unfit('npmrc')
  const name = `//${host.replace(/\/$/, '')}/:_authToken`
  const lines = before.split('\n')
  const rest = lines.filter((line) => line.split('=')[0]?.trim() !== name)
  return `${ended(rest.join('\n'))}${name}=${value}\n`
}

/** Words with blanks between; there are no quotes that every program reads. A `macdef` ends with an empty line. */
function inNetrc(before: string, host: string, user: string, value: string): string {
  if (/[\s"\\#]/.test(value)) throw unfit('netrc')
  if (/^\s*macdef\b/m.test(before)) throw new Failure('failed', 'the file has macros: it is not touched')
  if (/["\\]/.test(before)) throw new Failure('failed', 'the file has quotes: it is not touched')
  const entry = `machine ${host} login ${user} password ${value}\n`
  // The first entry for a machine counts, and `default` ends the search.
  const words = before.split(/(\s+)/)
  const kept: string[] = []
  for (let i = 0; i < words.length; i++) {
    const isTheirs = words[i] === 'machine' && words[i + 2] === host
    if (!isTheirs) {
      kept.push(words[i]!)
      continue
    }
    i += 3
    while (i < words.length && words[i] !== 'machine' && words[i] !== 'default') i++
    i -= 1
  }
  return `${entry}${kept.join('')}`
}

/** JSON: `auths.HOST.auth` is base64 of `user:password`. */
function inDocker(before: string, host: string, user: string, value: string): string {
  if (user.includes(':')) throw new Failure('usage', 'the argument user must not hold a colon')
  let config: unknown
  try {
    config = before.trim() === '' ? {} : JSON.parse(before)
  } catch {
    throw new Failure('failed', 'the file is not JSON: it is not touched')
  }
  if (!isObject(config) || !isObject(config['auths'] ?? {})) {
    throw new Failure('failed', 'the file is no configuration of docker: it is not touched')
  }
  const helpers = isObject(config['credHelpers']) ? config['credHelpers'] : {}
  if (config['credsStore'] !== undefined || host in helpers) {
    throw new Failure('failed', 'docker takes this credential from a helper: what stands in the file does not count')
  }
  const auths = config['auths'] as Record<string, unknown> | undefined
  const auth = Buffer.from(`${user}:${value}`).toString('base64')
  return `${JSON.stringify({ ...config, auths: { ...auths, [host]: { auth } } }, undefined, 2)}\n`
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function ended(lines: string): string {
  return lines === '' || lines.endsWith('\n') ? lines : `${lines}\n`
}

function unfit(format: CredentialFormat): Failure {
  return new Failure('failed', `the value has signs that ${FILES[format]} cannot hold`)
}

const FILES = { npmrc: '.npmrc', netrc: '.netrc', docker: 'the configuration of docker' } as const
