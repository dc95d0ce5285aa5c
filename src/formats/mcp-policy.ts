// Reads the policy file of TinyVault, `mcp-policy.yaml`: eight settings, all of them there, none twice, none unknown.
// A file that is not understood to its last word allows nothing: the caller stops.
import { text } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import type { McpRules } from '../lib/gate.ts'
import { printable } from '../lib/names.ts'
import { parseFirstDocument } from './yaml-keys.ts'

const MOST_PATTERNS = 1000
const LONGEST_PATTERN = 300

const isFlag = (value: unknown): boolean => typeof value === 'boolean'
const isList = (value: unknown): boolean =>
  value === null ||
  (Array.isArray(value) &&
    value.length <= MOST_PATTERNS &&
    value.every((item) => typeof item === 'string' && item !== '' && item.length <= LONGEST_PATTERN))

/** Each setting, and what it must be (spec/formats.md 7.6). A list that is there and empty is no list of everything. */
const FIELDS: Readonly<Record<string, { is: (value: unknown) => boolean; what: string }>> = {
  access_mode: {
    is: (value) => typeof value === 'string' && ['read-only', 'read-write', 'full'].includes(value),
    what: 'read-only, read-write or full',
  },
  projects_allow: { is: isList, what: 'a list of names' },
  projects_deny: { is: isList, what: 'a list of names' },
  secrets_allow: { is: isList, what: 'a list of names' },
  secrets_deny: { is: isList, what: 'a list of names' },
  allow_exec: { is: isFlag, what: 'true or false' },
  max_reads_per_session: { is: (value) => Number.isSafeInteger(value) && Number(value) >= 0, what: 'a whole number' },
  redact_output: { is: isFlag, what: 'true or false' },
}

/** The rules in `bytes`; `source` is how they are called. Throws `failed` saying what is wrong with the file. */
export function parseMcpPolicy(bytes: Uint8Array, source: string): McpRules {
  const { value, more } = parseFirstDocument(text(bytes) ?? refuse('is not UTF-8 text'))
  if (more) refuse('has a second document, of which nothing would be known')
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse('does not hold settings')
  const given = value as Record<string, unknown>
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(FIELDS, name)) refuse(`has a setting that is none: ${printable(name)}`)
  }
  for (const [name, { is, what }] of Object.entries(FIELDS)) {
    if (!Object.hasOwn(given, name)) refuse(`${name} is missing`)
    if (!is(given[name])) refuse(`${name} is not ${what}`)
  }
  const list = (name: string): string[] => (given[name] as string[] | null) ?? []
  return {
    source,
    mode: given['access_mode'] as McpRules['mode'],
    exec: given['allow_exec'] === true,
    redact: given['redact_output'] === true,
    projects: { allow: list('projects_allow'), deny: list('projects_deny') },
    keys: { allow: list('secrets_allow'), deny: list('secrets_deny') },
    reads: Number(given['max_reads_per_session']),
  }
}

function refuse(what: string): never {
  throw new Failure('failed', what)
}
