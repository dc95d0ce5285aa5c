// Which rule decides a given act of an AI agent. It asks the same policy that decides when it happens.
import { EFFECTS } from '../../lib/gate.ts'
import type { Act, Effect, McpRules, Question } from '../../lib/gate.ts'
import { cell } from '../../faces/table.ts'
import { define } from '../define.ts'
import { unfit } from '../parts/policy-own.ts'
import { policyFor } from '../policy.ts'
import { TIER_2 } from '../policy-mcp.ts'

const DENIED = 8
/** Words for people, and the effects they stand for. */
const WORDS: Readonly<Record<string, Effect>> = { run: 'inject', get: 'reveal', set: 'write', delete: 'destroy' }

export default define({
  path: 'policy explain',
  about: 'Say which rule allows or refuses an act of an AI agent',
  detail:
    'Ends with 8 when the act is refused. Nothing is read and nobody has to be asked: names need not exist. Budgets ' +
    'are not looked at; that the owner would be asked is told.',
  effect: 'none',
  on: ['cli'],
  holdsKeys: false,
  input: {
    act: {
      kind: 'choice',
      at: 0,
      required: true,
      choices: [...EFFECTS, 'run', 'get', 'set', 'delete', 'generate'],
      about: 'What would be done; get is reveal, run is inject',
    },
    key: { kind: 'text', at: 1, about: 'Name of the secret', complete: 'key' },
    client: { kind: 'text', placeholder: 'name', about: 'Name of the AI client' },
    directory: { kind: 'text', placeholder: 'dir', about: 'Where the program would start' },
    host: { kind: 'text', placeholder: 'host', about: 'Where a request would go' },
    file: { kind: 'text', placeholder: 'path', about: 'The file that would be written' },
    purpose: { kind: 'text', placeholder: 'text', about: 'What for, as the client would say' },
    command: { kind: 'text', placeholder: 'words', about: 'The program and its words, with blanks between' },
  },
  examples: [
    { words: 'policy explain get API_KEY -p shop', about: 'May it read this one?' },
    {
      words: 'policy explain run API_KEY --client claude-code --command "npm test"',
      about: 'May it run this?',
    },
    { words: 'policy explain write', about: 'May it write at all?' },
  ],
  async run(context, { act: word, key, client = '', command, directory, host, file, purpose }) {
    const rules = await (await context.mcp()).rules()
    const project = context.globals.project ?? (key === undefined ? undefined : 'default')
    const effect = word === 'generate' ? 'write' : ((WORDS[word] ?? word) as Effect)
    const act: Act = {
      ...(command !== undefined && { argv: command.split(/\s+/).filter(Boolean) }),
      ...(directory !== undefined && { directory }),
      ...(host !== undefined && { host }),
      ...(file !== undefined && { file }),
      ...(purpose !== undefined && { purpose }),
    }
    const principal = { kind: 'mcp', client, version: '', rules } as const
    const target = { ...(project !== undefined && { project }), ...(key !== undefined && { key }) }
    const said = Object.keys(act).length > 0 || key !== undefined ? { act } : {}
    const question = { principal, command: word === 'generate' ? word : '', effect, ...target, ...said }
    const decision = policyFor(principal).decide(question)
    return { act: word, ...target, ...decision, considered: considered(rules, question, client) }
  },
  human({ act, allow, rule, approve, considered: others, ...target }, style) {
    const where = 'project' in target ? ` in project ${cell(`${target.project}`)}` : ''
    const what = `${act}${'key' in target ? ` ${cell(`${target.key}`)}` : ''}${where}`
    const why = approve === TIER_2 ? 'the secret is of tier 2' : `rule ${approve}`
    const asked = approve === undefined ? '' : `\n  the owner is asked first: ${why}`
    const verdict = allow ? style.ok(`${what}: allowed`) : style.bad(`${what}: refused`)
    const rest = others.map(({ name, line, verdict: kind, why }) => `\n  line ${line}, ${kind} ${name}: ${cell(why)}`)
    return `${verdict}\n  ${cell(rule)}${asked}${allow ? '' : rest.join('')}\n`
  },
  json: ({ act, allow, rule, approve, considered: others, ...target }) => ({
    act,
    ...('project' in target && { project: target.project }),
    ...('key' in target && { key: target.key }),
    allowed: allow,
    rule,
    ...(approve !== undefined && { approval: approve }),
    ...(others.length > 0 && { considered: others }),
  }),
  exitCode: ({ allow }) => (allow ? 0 : DENIED),
})

/** Every rule of an own policy, and why it is not about this, if it is not. */
function considered(
  { own }: McpRules,
  question: Omit<Question, 'principal'>,
  client: string,
): { name: string; line: number; verdict: string; why: string }[] {
  return (own?.rules ?? []).map((rule) => {
    const { name, line, verdict } = rule
    return { name, line, verdict, why: unfit(rule, { ...question, client }, Date.now()) ?? 'it is about this' }
  })
}
