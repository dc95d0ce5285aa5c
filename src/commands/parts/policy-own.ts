// What the owner's own policy says to one question of an AI agent. Rules that deny win over all others; then the first
// rule that allows decides; what no rule allows is refused. A rule with a condition does not fit an act that does not
// say what the condition is about.
import { EFFECTS } from '../../lib/gate.ts'
import type { Decision, Effect, OwnPolicy, OwnRule, Question } from '../../lib/gate.ts'
import { namePattern } from '../../lib/pattern.ts'
import type { PatternOptions } from '../../lib/pattern.ts'
import { DENYING, KEYS, PROJECTS } from '../../lib/name-rules.ts'

const NEVER: readonly Effect[] = ['share', 'admin', 'seal']
/** Words and paths of programs count as they are written, and their `*` crosses a `/`. */
const EXACT: PatternOptions = { ignoreCase: false, deep: true }
const CLIENTS: PatternOptions = { ignoreCase: true, deep: true }
const HARMLESS: readonly Effect[] = ['none', 'list']

/** A question to a policy, with the client taken out of its principal. */
export type Asked = Omit<Question, 'principal'> & { client: string }

/** Decides at the moment `at` (milliseconds since 1970). */
export function decideOwn(policy: OwnPolicy, asked: Asked, at: number): Decision {
  const { effect } = asked
  if (!EFFECTS.includes(effect)) return refuse('unknown effects are refused')
  if (NEVER.includes(effect)) return refuse(`an AI agent may never ${effect}: no rule can allow it`)
  if (effect === 'none') return { allow: true, rule: 'it touches no secret' }
  const denied = policy.rules.find((rule) => rule.verdict === 'deny' && unfit(rule, asked, at) === undefined)
  if (denied) return refuse(`rule ${denied.name} denies it (line ${denied.line} of the policy)`)
  const allowing = policy.rules.find((rule) => rule.verdict === 'allow' && unfit(rule, asked, at) === undefined)
  if (!allowing) return refuse('no rule of the policy allows it')
  const asking = policy.rules.find((rule) => rule.verdict === 'approve' && unfit(rule, asked, at) === undefined)
  const { name, line, budgets, output, network } = allowing
  return {
    allow: true,
    rule: `rule ${name} (line ${line} of the policy)`,
    ...(asking && { approve: asking.name }),
    ...(budgets.length > 0 && { budgets: { name, budgets } }),
    ...(output && { output }),
    ...(network && { network }),
  }
}

/** Why `rule` is not about what is asked, in the order of its settings; undefined when it is. */
export function unfit(rule: OwnRule, asked: Asked, at: number): string | undefined {
  const { verdict, clients, projects, keys } = rule
  const { client, project, key } = asked
  if (rule.from !== undefined && at < rule.from) return 'from lies in the future'
  if (rule.until !== undefined && at >= rule.until) return 'until is over'
  if (!named(clients, client, CLIENTS)) return `client is not ${list(clients)}`
  if (!isAbout(rule, asked)) return `effect is not ${asked.effect}`
  const allows = verdict === 'allow'
  // Without a name the question is whether there is anything at all that may be done, or whether everything is denied.
  if (project === undefined ? !allows && projects.length > 0 : !named(projects, project, allows ? PROJECTS : DENYING)) {
    return `project is not ${list(projects)}`
  }
  if (key === undefined ? !allows && keys.length > 0 : !named(keys, key, allows ? KEYS : DENYING)) {
    return `key is not ${list(keys)}`
  }
  return unfitAct(rule, asked)
}

function isAbout({ verdict, effects }: OwnRule, { effect, command }: Asked): boolean {
  if (verdict === 'deny' && effects.length === 0) return true
  if (verdict === 'approve' && effects.length === 0) return !HARMLESS.includes(effect)
  if (effects.includes(effect)) return true
  // Who may use a secret may know its name; who may store any value may store a made one.
  if (effect === 'list') return verdict === 'allow'
  return effect === 'write' && command === 'generate' && effects.includes('generate')
}

function unfitAct(rule: OwnRule, { effect, key, act }: Asked): string | undefined {
  const { verdict, commands, directories, hosts, files, purpose } = rule
  if (effect !== 'inject' && effect !== 'write-file' && !purpose) {
    return verdict === 'allow' || commands.length + hosts.length + files.length === 0 ? undefined : 'it runs nothing'
  }
  // Asked for a list of tools: something may be allowed.
  if (verdict === 'allow' && key === undefined && act === undefined) return undefined
  const { argv, directory, host, file, purpose: said } = act ?? {}
  if (purpose && effect !== 'list' && (said ?? '').trim() === '') return 'purpose is required'
  if (verdict !== 'allow') {
    if (commands.length > 0 && !(argv && commands.some((one) => isCommand(one, argv)))) return 'another command'
    if (hosts.length > 0 && !(host !== undefined && hosts.some((one) => isHost(one, host)))) return 'another host'
    if (files.length > 0 && !(file !== undefined && files.some((one) => test(one, EXACT)(file)))) return 'another file'
    if (directories.length > 0 && !(directory !== undefined && isBelow(directories, directory)))
      return 'another directory'
    return undefined
  }
  if (effect === 'write-file') {
    return file !== undefined && files.some((one) => test(one, EXACT)(file)) ? undefined : `file is not ${list(files)}`
  }
  if (effect !== 'inject') return undefined
  if (host !== undefined) return hosts.some((one) => isHost(one, host)) ? undefined : `host is not ${list(hosts)}`
  if (!argv || !commands.some((one) => isCommand(one, argv))) {
    return `command is not ${list(commands.map((one) => one.join(' ')))}`
  }
  if (directories.length === 0) return undefined
  return directory !== undefined && isBelow(directories, directory)
    ? undefined
    : `directory is not ${list(directories)}`
}

/** Whether the words of a program are those of the pattern; a last `**` is any number of them. */
function isCommand(pattern: readonly string[], argv: readonly string[]): boolean {
  const open = pattern.at(-1) === '**'
  const fixed = open ? pattern.slice(0, -1) : pattern
  if (argv.length === 0 || (open ? argv.length < fixed.length : argv.length !== fixed.length)) return false
  return fixed.every((word, index) => test(word, EXACT)(argv[index]!))
}

function isHost(pattern: string, host: string): boolean {
  const [name = '', port = '443'] = host.toLowerCase().split(':')
  const [wanted = '', wantedPort = '443'] = pattern.split(':')
  if (port !== wantedPort) return false
  return wanted.startsWith('*.') ? name.endsWith(wanted.slice(1)) && name.length > wanted.length - 1 : name === wanted
}

function isBelow(roots: readonly string[], path: string): boolean {
  return roots.some((root) => root === '/' || path === root || path.startsWith(`${root}/`))
}

function named(patterns: readonly string[], name: string, how: PatternOptions): boolean {
  return patterns.length === 0 || patterns.some((pattern) => test(pattern, how)(name))
}

/** Patterns as tests, made once. */
const tests = new Map<string, (name: string) => boolean>()
const MOST_TESTS = 5000

function test(pattern: string, how: PatternOptions): (name: string) => boolean {
  const id = `${how.ignoreCase} ${how.deep} ${pattern}`
  let found = tests.get(id)
  if (!found) {
    if (tests.size >= MOST_TESTS) tests.clear()
    found = namePattern(pattern, how)
    tests.set(id, found)
  }
  return found
}

function list(words: readonly string[]): string {
  return words.length === 0 ? 'named' : words.slice(0, 5).join(' or ')
}

function refuse(rule: string): Decision {
  return { allow: false, rule }
}

/** What holds of an own policy in the words of the other kind, for summaries. */
export function summaryOf(policy: OwnPolicy): {
  mode: 'read-only' | 'read-write' | 'full'
  exec: boolean
  reads: number
} {
  const may = (...effects: readonly string[]): boolean =>
    policy.rules.some((rule) => rule.verdict === 'allow' && rule.effects.some((effect) => effects.includes(effect)))
  const mode = may('destroy') || may('inject') ? 'full' : may('write', 'generate') ? 'read-write' : 'read-only'
  return { mode, exec: may('inject'), reads: may('reveal', 'compare') ? -1 : 0 }
}
