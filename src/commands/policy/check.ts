// Holds the policy for AI agents against the names that are there: a pattern that matches nothing is mostly a mistake,
// and what matches is what an agent sees (attack A9).
import { cell } from '../../faces/table.ts'
import { namePattern } from '../../lib/pattern.ts'
import type { OwnRule } from '../../lib/gate.ts'
import { define } from '../define.ts'
import { policyFor } from '../policy.ts'
import { DENYING, KEYS, PROJECTS } from '../../lib/name-rules.ts'

export default define({
  path: 'policy check',
  about: 'Check the policy for AI agents against the names in the vault',
  detail: 'Needs no passphrase. A broken file is a failure; a pattern that matches nothing is a warning.',
  effect: 'list',
  on: ['cli'],
  holdsKeys: false,
  input: { client: { kind: 'text', placeholder: 'name', about: 'As the AI client of this name would see it' } },
  examples: [{ words: 'policy check', about: 'What an AI agent would see, and which patterns match nothing' }],
  async run(context, { client = '' }) {
    const rules = await (await context.mcp()).rules()
    const names = await context.names()
    const principal = { kind: 'mcp', client, version: '', rules } as const
    const policy = policyFor(principal)
    const sees = (project: string, key?: string): boolean =>
      policy.decide({ principal, command: '', effect: 'list', project, ...(key !== undefined && { key }) }).allow
    const projects = names.projects().map(({ name }) => name)
    const keys = projects.flatMap((project) => names.list(project).map(({ key }) => ({ project, key })))
    const keyNames = keys.map(({ key }) => key)
    const idle = (field: string, patterns: readonly string[], all: readonly string[], how: typeof KEYS) =>
      patterns.filter((pattern) => !all.some(namePattern(pattern, how))).map((pattern) => ({ field, pattern }))
    return {
      source: rules.source,
      visible: {
        projects: projects.filter((name) => sees(name)),
        secrets: keys.filter((one) => sees(one.project, one.key)),
      },
      hidden: {
        projects: projects.filter((name) => !sees(name)).length,
        secrets: keys.filter((one) => !sees(one.project, one.key)).length,
      },
      idle: rules.own
        ? rules.own.rules.flatMap((rule) => idleIn(rule, projects, keyNames))
        : [
            ...idle('projects_allow', rules.projects.allow, projects, PROJECTS),
            ...idle('projects_deny', rules.projects.deny, projects, DENYING),
            ...idle('secrets_allow', rules.keys.allow, keyNames, KEYS),
            ...idle('secrets_deny', rules.keys.deny, keyNames, DENYING),
          ],
    }
  },
  human({ source, visible, hidden, idle }, style) {
    const warnings = idle.map(({ field, pattern }) => style.warn(`${field}: ${cell(pattern)} matches nothing`))
    const seen = `sees ${visible.projects.length} projects and ${visible.secrets.length} secrets`
    const rest = `${hidden.projects} projects and ${hidden.secrets} secrets are hidden`
    return `${[`${source}: an AI agent ${seen}; ${rest}`, ...warnings].join('\n')}\n`
  },
  json: ({ source, visible, hidden, idle }) => ({ source, visible, hidden, unused_patterns: idle }),
})

/** Patterns of one rule that match no name. */
function idleIn(
  { name, verdict, projects, keys }: OwnRule,
  allProjects: readonly string[],
  allKeys: readonly string[],
): { field: string; pattern: string }[] {
  const allows = verdict === 'allow'
  const of = (field: string, patterns: readonly string[], names: readonly string[], how: typeof KEYS) =>
    patterns
      .filter((pattern) => !names.some(namePattern(pattern, how)))
      .map((pattern) => ({ field: `${verdict} ${name}: ${field}`, pattern }))
  return [
    ...of('project', projects, allProjects, allows ? PROJECTS : DENYING),
    ...of('key', keys, allKeys, allows ? KEYS : DENYING),
  ]
}
