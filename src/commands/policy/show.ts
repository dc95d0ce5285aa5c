// What AI agents may do, as it holds now.
import type { McpRules } from '../../lib/gate.ts'
import { EFFECTS } from '../../lib/gate.ts'
import { cell } from '../../faces/table.ts'
import { define } from '../define.ts'
import { policyFor } from '../policy.ts'

export default define({
  path: 'policy show',
  about: 'Show what AI agents may do',
  detail: 'The rules are in mcp-policy.yaml beside the vault; without that file names are seen and nothing else.',
  effect: 'none',
  on: ['cli'],
  holdsKeys: false,
  input: {},
  examples: [{ words: 'policy show', about: 'The rules in force' }],
  async run(context) {
    const rules = await (await context.mcp()).rules()
    return { rules, effects: allowedEffects(rules) }
  },
  human({ rules, effects }, style) {
    const { source, mode, reads, exec, projects, keys } = rules
    const line = (label: string, words: string) => `${style.bold(`${label}:`)} ${words}\n`
    const names = (list: readonly string[]) => (list.length === 0 ? '(nothing)' : list.map(cell).join(' '))
    return [
      line('Rules', source),
      line('Allowed', effects.join(', ')),
      line('Mode', mode),
      line('Values per session', `${reads}`),
      line('Programs with secrets', exec && mode === 'full' ? 'yes' : 'no'),
      line('Projects', `${names(projects.allow)}; never ${names(projects.deny)}`),
      line('Secrets', `${names(keys.allow)}; never ${names(keys.deny)}`),
    ].join('')
  },
  json: ({ rules, effects }) => ({
    source: rules.source,
    effects,
    access_mode: rules.mode,
    allow_exec: rules.exec,
    redact_output: rules.redact,
    max_reads_per_session: rules.reads,
    projects_allow: rules.projects.allow,
    projects_deny: rules.projects.deny,
    secrets_allow: rules.keys.allow,
    secrets_deny: rules.keys.deny,
  }),
})

function allowedEffects(rules: McpRules): string[] {
  const principal = { kind: 'mcp', client: '', version: '', rules } as const
  return EFFECTS.filter((effect) => policyFor(principal).decide({ principal, command: '', effect }).allow)
}
