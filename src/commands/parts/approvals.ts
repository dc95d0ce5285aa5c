// Uses that wait for the owner, for people to look at. What a client says of itself, and the words of its program, are
// strange text: everything goes through `cell`.
import { cell, table } from '../../faces/table.ts'
import { durationWords } from '../../lib/quantities.ts'
import type { Pending } from '../../modes/agent/approvals.ts'
import type { Waiting } from '../agent-access.ts'
import type { Style } from '../context.ts'

const CLAIMED = ['Client', 'Purpose']

/** What waits as a table, and who is locked out. */
export function waitingTable({ pending, locked_out }: Waiting, style: Style): string {
  const rows = pending.map((one) => [one.id, cell(one.client), one.effect, cell(whatOf(one)), `${one.seconds_left} s`])
  const waiting =
    rows.length === 0
      ? ''
      : table(['ID', 'CLIENT', 'EFFECT', 'WHAT', 'LEFT'], rows, { width: style.width, flexible: 3 })
  const out = locked_out.map(
    ({ client, refusals, since }) =>
      `${style.warn(`locked out: ${cell(client)}, ${refusals} refusals within a minute, since ${since}`)}\n`,
  )
  return `${waiting}${out.join('')}`
}

/** One line about what waits. */
export interface Fact {
  name: string
  words: string
  /** The client says so, and nothing is bound to it. */
  claimed: boolean
}

/** Everything that an approval is bound to, line by line. */
export function details(one: Pending, style: Style): string {
  return factsOf(one)
    .map(({ name, words }) => `${style.bold(`${name}:`)} ${cell(words)}\n`)
    .join('')
}

/** The same for whoever shows it in another way. */
export function factsOf(one: Pending): Fact[] {
  const { kind, client, version, pid, project, keys, program, host, file, directory, purpose, rule, uses, minutes } =
    one
  const about =
    kind === 'session'
      ? [['Asks for', `${uses} uses within ${durationWords(minutes * 60)}, of whatever needs the owner`]]
      : [
          ['Asks for', `${one.effect} (${one.command})`],
          ['Project', project],
          ['Secrets', keys.join(' ')],
          ['Program', program.map(quoted).join(' ')],
          ['Directory', directory],
          ['Host', host],
          ['File', file],
          ['Rule', rule],
        ]
  const rows = [['Client', `${client} ${version} (process ${pid})`], ...about, ['Purpose', purpose]]
  return rows
    .map(([name = '', words = '']) => ({ name, words, claimed: CLAIMED.includes(name) }))
    .filter(({ words }) => words !== '')
}

function whatOf({ kind, project, keys, program, host, file }: Pending): string {
  if (kind === 'session') return 'a session'
  const where = [program.map(quoted).join(' '), host, file].filter((words) => words !== '').join(' ')
  return `${project}: ${keys.join(' ')}${where === '' ? '' : ` for ${where}`}`
}

function quoted(word: string): string {
  return /^[\w.@%+=:,/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
