// What an AI agent says of itself in its hello, and what it may ask beside the vault. A connection whose hello names it
// is an AI agent's for good: it is never the owner's, whatever comes later.
import type { Act } from '../../lib/gate.ts'
import { ProtocolFault } from './frames.ts'

const LONGEST_NAME = 200
const MOST_WORDS = 2000
const MOST_NOTES = 16
const NOTES = ['tool', 'program', 'argv', 'host', 'file', 'purpose']
const LONGEST_NOTE = 300

/** What it says; none of it is proved. */
export interface Guest {
  client: string
  version: string
  act: Act
  /** For the rows of the audit log: the tool, the name of the program, a hash of its words, the purpose. */
  notes: Readonly<Record<string, string>>
}

const OPERATIONS = [
  'permit',
  'withdraw',
  'session-status',
  'session-request',
  'refused',
  'redact-begin',
  'redact',
] as const
/** Said with `withdraw`: somebody said no at the client. */
export const DECLINED = 'declined'

export type GuestOperation = (typeof OPERATIONS)[number]

export function isGuestOperation(op: string): op is GuestOperation {
  return (OPERATIONS as readonly string[]).includes(op)
}

/** The guest in a hello; undefined when it names none. Throws ProtocolFault for a principal that is not understood. */
export function guestOf(head: Record<string, unknown>): Guest | undefined {
  const said = head['principal']
  if (said === undefined) return undefined
  const { kind, client, version, act, notes, ...rest } = isObject(said) ? said : {}
  const right =
    kind === 'mcp' && isText(client, LONGEST_NAME) && isText(version, LONGEST_NAME) && Object.keys(rest).length === 0
  if (!right) throw new ProtocolFault('a principal that is none')
  return { client, version, act: actOf(act ?? {}), notes: notesOf(notes ?? {}) }
}

function actOf(said: unknown): Act {
  const { argv, directory, host, file, purpose, digest, ...rest } = isObject(said) ? said : { bad: said }
  const texts = [directory, host, file, purpose, digest].every((one) => one === undefined || isText(one, 4096))
  const words = argv === undefined || (Array.isArray(argv) && argv.length <= MOST_WORDS && argv.every(isWord))
  if (!texts || !words || Object.keys(rest).length > 0) throw new ProtocolFault('an act that is none')
  return said as Act
}

function notesOf(said: unknown): Record<string, string> {
  const notes = isObject(said) ? Object.entries(said) : undefined
  const right = notes?.every(([, value]) => isText(value, LONGEST_NOTE))
  if (!notes || !right || notes.length > MOST_NOTES) throw new ProtocolFault('notes that are none')
  // Under another name it could be taken for what the agent itself writes into the row.
  return Object.fromEntries(notes.filter(([name]) => NOTES.includes(name))) as Record<string, string>
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isWord(value: unknown): value is string {
  return typeof value === 'string'
}

function isText(value: unknown, longest: number): value is string {
  return typeof value === 'string' && value.length <= longest
}
