// A look at the policy file for doctor: whether it is complete, so that a mistake in it shows before something obeys it.
import type { Inspection } from '../commands/define.ts'
import { text } from '../lib/bytes.ts'
import { lstatOrNothing, readSafely } from '../lib/files.ts'
import { Failure, toFailure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import { policyFile } from '../lib/paths.ts'

const MAX_BYTES = 1_048_576

const isList = (value: unknown): boolean => Array.isArray(value) && value.every((item) => typeof item === 'string')
const isFlag = (value: unknown): boolean => typeof value === 'boolean'

/** The fields that TinyVault requires, each with what it must be (spec/formats.md 7.6). */
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

/** The check `mcp policy`. Never throws. */
export async function policyCheck(directory: string): Promise<Inspection['checks'][number]> {
  const name = 'mcp policy'
  const path = policyFile(directory)
  try {
    if (!lstatOrNothing(path)) return { name, status: 'info', detail: 'no policy file' }
    const { parseFirstDocument } = await import('../formats/yaml-keys.ts')
    const { value } = parseFirstDocument(text(readSafely(path, MAX_BYTES)) ?? refuse('is not UTF-8 text'))
    const fault = faultOf(value)
    if (fault !== undefined) refuse(fault)
    return { name, status: 'ok', detail: printable(path) }
  } catch (error) {
    const { message } = toFailure(error)
    return { name, status: 'fail', detail: message.includes(path) ? message : `${printable(path)}: ${message}` }
  }
}

function refuse(what: string): never {
  throw new Failure('failed', what)
}

function faultOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'does not hold settings'
  for (const [field, { is, what }] of Object.entries(FIELDS)) {
    if (!Object.hasOwn(value, field)) return `${field} is missing`
    if (!is((value as Record<string, unknown>)[field])) return `${field} is not ${what}`
  }
  return undefined
}
