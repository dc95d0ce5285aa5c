// The owner's own policy for AI agents as text: sections `[allow NAME]`, `[deny NAME]`, `[approve NAME]` and `[session]`
// with lines `setting = value`. What is not understood to its last word is a fault with the number of its line, and a
// text with a fault allows nothing: the caller stops.
import { Failure } from '../lib/errors.ts'
import { EFFECTS } from '../lib/gate.ts'
import type { Budget, OwnPolicy, OwnRule, RuleEffect } from '../lib/gate.ts'
import { printable } from '../lib/names.ts'
import { namePattern } from '../lib/pattern.ts'
import { suggest } from '../lib/suggest.ts'

const MAX_TEXT = 262_144
const MOST_RULES = 500
const MOST_ITEMS = 500
const LONGEST_ITEM = 1000
const WORDS: Readonly<Record<string, RuleEffect>> = { run: 'inject', get: 'reveal', set: 'write', delete: 'destroy' }
const NEVER: readonly RuleEffect[] = ['share', 'admin', 'seal']
const SECONDS: Readonly<Record<string, number>> = { minute: 60, hour: 3600, day: 86_400, week: 604_800 }
const SETTINGS = [
  ...['client', 'project', 'key', 'effect', 'command', 'directory', 'host', 'file', 'purpose', 'output', 'network'],
  ...['from', 'until', 'reads', 'runs'],
]
const SESSION = ['uses', 'minutes', 'wait']
const DEFAULT_SESSION = { uses: 3, seconds: 300, wait: 60 }

/** What is wrong with a line, from 1. */
export interface PolicyFault {
  line: number
  message: string
}

class Fault extends Error {}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer I)[] ? I[] : T[K] }

/** The policy in `source`, and everything that is wrong with it; with a fault the policy is of no use. */
export function parsePolicy(
  source: string,
  { revision, home }: { revision: number; home: string },
): { policy: OwnPolicy; faults: PolicyFault[] } {
  const faults: PolicyFault[] = []
  const rules: Mutable<OwnRule>[] = []
  const session = { ...DEFAULT_SESSION }
  let section: Mutable<OwnRule> | 'session' | undefined
  /** In these something is wrong already: what they lack may be just that. */
  const faulty = new Set<unknown>()
  let seen = new Set<string>()
  if (source.length > MAX_TEXT) faults.push({ line: 1, message: `the policy is longer than ${MAX_TEXT} characters` })
  const lines = faults.length > 0 ? [] : source.split('\n')
  for (const [index, raw] of lines.entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    try {
      if (line.startsWith('[')) {
        section = sectionOf(line, index + 1, rules)
        seen = new Set()
        if (section !== 'session') rules.push(section)
        continue
      }
      const [, name = '', value = ''] = /^([a-z]+)\s*=\s*(.*)$/.exec(line) ?? wrong('a line is: setting = value')
      if (section === undefined) wrong('a section comes first: [allow NAME], [deny NAME], [approve NAME] or [session]')
      const once =
        section === 'session' ||
        !['command', 'directory', 'host', 'file', 'client', 'project', 'key', 'effect'].includes(name)
      if (once && seen.has(name)) wrong(`${name} stands here twice`)
      seen.add(name)
      if (value === '') wrong(`${name} has no value`)
      if (section === 'session') setSession(session, name, value)
      else set(section, name, value, home)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      faults.push({ line: index + 1, message: error.message })
      faulty.add(section)
    }
  }
  for (const rule of rules) {
    const missing = faulty.has(rule) ? undefined : missingIn(rule)
    if (missing !== undefined) faults.push({ line: rule.line, message: missing })
  }
  if (rules.length > MOST_RULES)
    faults.push({ line: rules[MOST_RULES]!.line, message: `more than ${MOST_RULES} rules` })
  return { policy: { revision, rules, session }, faults: faults.toSorted((a, b) => a.line - b.line) }
}

/** The policy in `source`. Throws `failed` with the first faults and their lines. */
export function readPolicy(source: string, about: { revision: number; home: string }): OwnPolicy {
  const { policy, faults } = parsePolicy(source, about)
  const [first, ...rest] = faults
  if (!first) return policy
  const more =
    rest.length === 0
      ? ''
      : ` (and ${rest.length} more: ${rest
          .slice(0, 5)
          .map(({ line }) => `line ${line}`)
          .join(', ')})`
  throw new Failure('failed', `the policy, line ${first.line}: ${first.message}${more}`, { hint: 'tvault docs policy' })
}

/** What a new policy begins with; it allows names only, and shows the rest. */
export const POLICY_TEMPLATE = `# What AI agents may do with this vault. Rules that deny come first; what no rule allows is refused.
# tvault docs policy explains every line; tvault policy explain tells which rule decides.

[allow names]
effect = list

# [allow tests]
# client    = claude*, cursor*
# project   = shop
# key       = DB_*, API_KEY
# effect    = run
# command   = npm test
# command   = npm run **
# directory = ~/src/shop
# runs      = 50 per hour

# [approve payments]
# key = STRIPE_*

# [deny production]
# project = *prod*
`

function sectionOf(line: string, at: number, rules: readonly OwnRule[]): Mutable<OwnRule> | 'session' {
  if (line === '[session]') return 'session'
  const [, verdict, name = ''] = /^\[(allow|deny|approve) ([A-Za-z0-9][A-Za-z0-9 ._-]{0,59})\]$/.exec(line) ?? []
  if (verdict === undefined) wrong('a section is [allow NAME], [deny NAME], [approve NAME] or [session]')
  const before = rules.find((rule) => rule.name === name)
  if (before) wrong(`there is a rule ${name} already, on line ${before.line}`)
  return {
    verdict: verdict as OwnRule['verdict'],
    name,
    line: at,
    ...{ clients: [], projects: [], keys: [], effects: [], commands: [], directories: [], hosts: [], files: [] },
    ...{ purpose: false, output: undefined, network: undefined, from: undefined, until: undefined, budgets: [] },
  }
}

function setSession(session: { uses: number; seconds: number; wait: number }, name: string, value: string): void {
  if (!SESSION.includes(name)) unknown(name, SESSION)
  const count = /^\d{1,5}$/.test(value) ? Number(value) : wrong(`${name} is a whole number`)
  if (name === 'uses' && count >= 1 && count <= 1000) session.uses = count
  else if (name === 'minutes' && count >= 1 && count <= 1440) session.seconds = count * 60
  else if (name === 'wait' && count >= 5 && count <= 3600) session.wait = count
  else wrong(`${name} is ${name === 'wait' ? '5 to 3600 seconds' : name === 'uses' ? '1 to 1000' : '1 to 1440'}`)
}

function set(rule: Mutable<OwnRule>, name: string, value: string, home: string): void {
  switch (name) {
    case 'client':
      return add(rule.clients, globs(value))
    case 'project':
      return add(rule.projects, globs(value))
    case 'key':
      return add(rule.keys, globs(value))
    case 'effect':
      return add(
        rule.effects,
        items(value).map((word) => effectOf(word, rule.verdict)),
      )
    case 'command':
      return add(rule.commands, [commandOf(value)])
    case 'directory':
      return add(rule.directories, [pathOf(value, home)])
    case 'host':
      return add(rule.hosts, items(value).map(hostOf))
    case 'file':
      return add(rule.files, [checked(pathOf(value, home))])
    case 'purpose':
      rule.purpose = value === 'required' || wrong('purpose is: required')
      return
    case 'output':
      rule.output = value === 'exit' ? value : wrong('output is: exit')
      return
    case 'network':
      rule.network = value === 'none' ? value : wrong('network is: none')
      return
    case 'from':
    case 'until':
      rule[name] = momentOf(value)
      return
    case 'reads':
    case 'runs':
      return add(rule.budgets, [budgetOf(name, value)])
    default:
      unknown(name, SETTINGS)
  }
}

/** What a rule lacks that would make it mean more, or less, than it says. */
function missingIn(rule: OwnRule): string | undefined {
  const { verdict, effects, commands, hosts, files } = rule
  if (verdict !== 'allow') return undefined
  if (effects.length === 0) return 'a rule that allows says what: effect = list, run, …'
  if (effects.includes('inject') && commands.length === 0 && hosts.length === 0) {
    return 'effect run needs a line command = … (** is any program) or host = …'
  }
  if (effects.includes('write-file') && files.length === 0) return 'effect write-file needs a line file = …'
  if (!effects.includes('inject') && commands.length + hosts.length > 0) return 'command and host belong to effect run'
  if (rule.from !== undefined && rule.until !== undefined && rule.until <= rule.from) return 'until lies before from'
  return undefined
}

function add<T>(to: T[], more: readonly T[]): void {
  to.push(...more)
  if (to.length > MOST_ITEMS) wrong(`more than ${MOST_ITEMS} of them in one rule`)
}

function items(value: string): string[] {
  return value.split(',').map((item) => item.trim() || wrong('there is nothing between two commas'))
}

function globs(value: string): string[] {
  return items(value).map(checked)
}

function checked(pattern: string): string {
  if (pattern.length > LONGEST_ITEM) wrong(`longer than ${LONGEST_ITEM} characters`)
  try {
    namePattern(pattern, { ignoreCase: true, deep: true })
    return pattern
  } catch (error) {
    return wrong(`${printable(pattern)}: ${(error as Error).message}`)
  }
}

function effectOf(word: string, verdict: OwnRule['verdict']): RuleEffect {
  const effect = WORDS[word] ?? word
  const known: readonly string[] = [...EFFECTS.filter((one) => one !== 'none'), 'generate', ...Object.keys(WORDS)]
  if (!known.includes(effect)) unknown(word, known, 'effect')
  if (verdict === 'allow' && NEVER.includes(effect as RuleEffect)) wrong(`no rule can allow ${word} to an AI agent`)
  return effect as RuleEffect
}

/** Words between blanks; "…" keeps blanks. */
function commandOf(value: string): string[] {
  const words = Array.from(value.matchAll(/"([^"]*)"|([^\s"]+)/g), ([, quoted, plain]) => quoted ?? plain ?? '')
  if (!/^(?:\s*(?:"[^"]*"|[^\s"]+)(?=\s|$))*\s*$/.test(value)) wrong('a " is not closed, or stands inside a word')
  return words.map((word) => (word === '**' ? word : checked(word)))
}

function pathOf(value: string, home: string): string {
  const path = value === '~' || value.startsWith('~/') ? `${home}${value.slice(1)}` : value
  if (!path.startsWith('/') || /(?:^|\/)\.{1,2}(?:\/|$)/.test(path))
    wrong('a path begins with / or ~/, without . and ..')
  return path.length > 1 ? path.replace(/\/+$/, '') : path
}

function hostOf(host: string): string {
  const right = /^(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::\d{1,5})?$/i.test(host)
  return right ? host.toLowerCase() : wrong(`${printable(host)} is no host: api.example.com, *.example.com:8443`)
}

function momentOf(value: string): number {
  const full = /^\d{4}-\d\d-\d\d$/.test(value) ? `${value}T00:00:00Z` : value
  const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)$/.test(full) ? Date.parse(full) : Number.NaN
  return Number.isNaN(moment) ? wrong('a time is 2026-12-01 or 2026-12-01T09:00:00Z') : moment
}

function budgetOf(kind: Budget['kind'], value: string): Budget {
  const [, count, times = '1', unit = ''] = /^(\d{1,6}) per (?:(\d{1,4}) )?(minute|hour|day|week)s?$/.exec(value) ?? []
  const seconds = SECONDS[unit]
  if (count === undefined || seconds === undefined || times === '0') wrong(`${kind} is: 20 per hour, 3 per 2 days`)
  return { kind, count: Number(count), seconds: Number(times) * seconds }
}

function unknown(word: string, known: readonly string[], what = 'setting'): never {
  const near = suggest(word, known)
  const meant = near.length === 0 ? `one of ${known.join(', ')}` : `did you mean ${near.join(' or ')}?`
  return wrong(`there is no ${what} ${printable(word)}; ${meant}`)
}

function wrong(message: string): never {
  throw new Fault(message)
}
