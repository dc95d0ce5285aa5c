// Which rule decides a given act of an AI agent. It asks the same policy that decides when it happens.
import { EFFECTS } from '../../lib/gate.ts'
import type { Effect } from '../../lib/gate.ts'
import { cell } from '../../faces/table.ts'
import { define } from '../define.ts'
import { policyFor } from '../policy.ts'

const DENIED = 8

export default define({
  path: 'policy explain',
  about: 'Say which rule allows or refuses an act of an AI agent',
  detail: 'Ends with 8 when the act is refused. Nothing is read and nobody has to be asked: names need not exist.',
  effect: 'none',
  on: ['cli'],
  holdsKeys: false,
  input: {
    act: {
      kind: 'choice',
      at: 0,
      required: true,
      choices: EFFECTS,
      about: 'What would be done; get is reveal, run is inject',
    },
    key: { kind: 'text', at: 1, about: 'Name of the secret', complete: 'key' },
  },
  examples: [
    { words: 'policy explain reveal API_KEY -p shop', about: 'May it read this one?' },
    { words: 'policy explain write', about: 'May it write at all?' },
  ],
  async run(context, { act, key }) {
    const rules = await (await context.mcp()).rules()
    const project = context.globals.project ?? (key === undefined ? undefined : 'default')
    const principal = { kind: 'mcp', client: '', version: '', rules } as const
    const target = { ...(project !== undefined && { project }), ...(key !== undefined && { key }) }
    const effect = act as Effect
    return { act, ...target, ...policyFor(principal).decide({ principal, command: '', effect, ...target }) }
  },
  human({ act, allow, rule, ...target }, style) {
    const where = 'project' in target ? ` in project ${cell(`${target.project}`)}` : ''
    const what = `${act}${'key' in target ? ` ${cell(`${target.key}`)}` : ''}${where}`
    return `${allow ? style.ok(`${what}: allowed`) : style.bad(`${what}: refused`)}\n  ${rule}\n`
  },
  json: ({ act, allow, rule, ...target }) => ({ act, ...target, allowed: allow, rule }),
  exitCode: ({ allow }) => (allow ? 0 : DENIED),
})
