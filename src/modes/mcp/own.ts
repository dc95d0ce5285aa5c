// What only an AI agent asks for: the state of its session. These go through the gate like every command, and touch
// names only.
import { define } from '../../commands/define.ts'
import { policyFor } from '../../commands/policy.ts'
import { Failure } from '../../lib/errors.ts'
import { EFFECTS } from '../../lib/gate.ts'
import type { Effect, Principal } from '../../lib/gate.ts'
import { printable } from '../../lib/names.ts'
import { glob } from '../../lib/glob.ts'

const DEFAULT_LIMIT = 200
const LONGEST_PURPOSE = 120

const base = { on: ['mcp'], hidden: true, holdsKeys: true, examples: [] } as const

export const status = define({
  ...base,
  path: 'mcp status',
  about: 'Whether the vault is unlocked, your current project, and what the policy lets you do',
  effect: 'list',
  input: {},
  async run(context) {
    const names = await context.names()
    const { currentProject: current, projects, secrets } = names.summary()
    const { principal, globals, build } = context
    return {
      is_unlocked: await isUnlocked(() => context.vault({ ask: false })),
      current_project: globals.project ?? (current || 'default'),
      project_count: projects,
      secret_count: secrets,
      version: build.version,
      ...(principal.kind === 'mcp' && { policy: policyWords(principal) }),
    }
  },
})

/** What may be done at all; which names, programs and hosts it may be done with is told when it is tried. */
function policyWords(principal: Extract<Principal, { kind: 'mcp' }>): object {
  const { rules } = principal
  const may = (effect: Effect): boolean => policyFor(principal).decide({ principal, command: '', effect }).allow
  const effects = EFFECTS.filter((effect) => effect !== 'none' && may(effect))
  if (rules.own) return { source: rules.source, effects }
  const { source, mode, reads, exec } = rules
  return {
    ...{ source, effects, access_mode: mode, max_reads_per_session: reads },
    allow_exec: exec && mode === 'full',
  }
}

/** Opening the vault discloses nothing by itself. */
async function isUnlocked(open: () => Promise<unknown>): Promise<boolean> {
  try {
    await open()
    return true
  } catch {
    return false
  }
}

export const currentProject = define({
  ...base,
  path: 'mcp project',
  about: 'The project that is meant when none is named',
  effect: 'list',
  input: {},
  run: async (context) => context.project(await context.names()),
})

export const useProject = define({
  ...base,
  path: 'mcp use',
  about: 'Choose the project that is meant when none is named, for this session only',
  effect: 'list',
  input: { name: { kind: 'text', at: 0, required: true, about: 'Name of the project' } },
  async run(context, { name }) {
    const names = await context.names()
    names.list(name)
    return { name }
  },
})

export const searchProjects = define({
  ...base,
  path: 'mcp projects',
  about: 'Find projects by name or description',
  effect: 'list',
  input: {
    'name-like': { kind: 'text', about: 'Only names that match: * is any text, ? one character' },
    'description-like': { kind: 'text', about: 'Only descriptions that match' },
    limit: { kind: 'count', min: 1, about: 'At most so many', fallback: `${DEFAULT_LIMIT}` },
  },
  async run(context, { 'name-like': name, 'description-like': description, limit = DEFAULT_LIMIT }) {
    const names = await context.names()
    const [named, described] = [name, description].map((pattern) =>
      pattern === undefined ? () => true : glob(pattern),
    )
    const found = names.projects().filter((one) => named!(one.name) && described!(one.description))
    return found.slice(0, limit).map((one) => one.name)
  },
})

export const sessionStatus = define({
  ...base,
  path: 'mcp session',
  about: 'Whether secrets that need the owner may be used now, how often and how long',
  effect: 'none',
  input: {},
  async run({ acts }) {
    return (await acts?.session()) ?? { locked: true, uses_left: 0, seconds_left: 0, pending: 0, agent: false }
  },
})

export const sessionUnlock = define({
  ...base,
  path: 'mcp ask',
  about: 'Ask the owner to let secrets that need them be used; it never unlocks by itself',
  effect: 'none',
  input: { purpose: { kind: 'text', required: true, about: 'What for; the owner reads it' } },
  async run({ acts }, { purpose }) {
    if (!acts) throw new Failure('denied', 'nobody can be asked here')
    return acts.askUnlock(printable(purpose.slice(0, LONGEST_PURPOSE)))
  },
})
