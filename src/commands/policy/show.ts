// What AI agents may do, as it holds now.
import type { McpRules } from '../../lib/gate.ts'
import { EFFECTS } from '../../lib/gate.ts'
import { cell } from '../../faces/table.ts'
import { toRfc3339Seconds } from '../../lib/time.ts'
import { define } from '../define.ts'
import { policyFor } from '../policy.ts'

export default define({
  path: 'policy show',
  about: 'Show what AI agents may do',
  detail:
    'The policy of the vault (tvault policy edit), else mcp-policy.yaml beside it; without both names are seen and ' +
    'nothing else.',
  effect: 'none',
  on: ['cli'],
  holdsKeys: false,
  input: { text: { kind: 'flag', about: 'Only the text of the policy of the vault, as it can be stored again' } },
  examples: [
    { words: 'policy show', about: 'The rules in force' },
    { words: 'policy show --text', about: 'To keep it in a file' },
  ],
  async run(context, { text }) {
    const mcp = await context.mcp()
    const stored = await mcp.stored()
    // A text that is broken by now can be read and mended all the same.
    const rules = text && stored.text !== '' ? undefined : await mcp.rules()
    return { rules, stored, effects: rules ? allowedEffects(rules) : [] }
  },
  human({ rules, stored, effects }, style, { text }) {
    if (text || !rules) return stored.text
    const line = (label: string, words: string) => `${style.bold(`${label}:`)} ${words}\n`
    const head = [line('Rules', rules.source), line('Allowed', effects.join(', '))]
    if (rules.own) {
      const { session } = rules.own
      const terms = `${session.uses} uses or ${session.seconds / 60} minutes; a request waits ${session.wait} s`
      const changed = line('Changed', toRfc3339Seconds(stored.changedAt))
      return [...head, changed, line('Session', terms), '\n', shown(stored.text), '\n'].join('')
    }
    const { mode, reads, exec, projects, keys } = rules
    const names = (list: readonly string[]) => (list.length === 0 ? '(nothing)' : list.map(cell).join(' '))
    return [
      ...head,
      line('Mode', mode),
      line('Values per session', `${reads}`),
      line('Programs with secrets', exec && mode === 'full' ? 'yes' : 'no'),
      line('Projects', `${names(projects.allow)}; never ${names(projects.deny)}`),
      line('Secrets', `${names(keys.allow)}; never ${names(keys.deny)}`),
    ].join('')
  },
  json: ({ rules, stored, effects }) => ({
    source: rules?.source ?? 'the policy of the vault',
    revision: stored.revision,
    effects,
    ...(stored.text !== '' && { text: stored.text, session: rules?.own?.session }),
    ...(rules && !rules.own && ofFile(rules)),
  }),
})

/** The owner's own text, without what a terminal would obey. */
function shown(text: string): string {
  return text.trimEnd().split('\n').map(cell).join('\n')
}

function ofFile(rules: McpRules): Record<string, unknown> {
  return {
    access_mode: rules.mode,
    allow_exec: rules.exec,
    redact_output: rules.redact,
    max_reads_per_session: rules.reads,
    projects_allow: rules.projects.allow,
    projects_deny: rules.projects.deny,
    secrets_allow: rules.keys.allow,
    secrets_deny: rules.keys.deny,
  }
}

function allowedEffects(rules: McpRules): string[] {
  const principal = { kind: 'mcp', client: '', version: '', rules } as const
  return EFFECTS.filter((effect) => policyFor(principal).decide({ principal, command: '', effect }).allow)
}
