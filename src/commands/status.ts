// What is there, in a few lines. Exit code 0 whatever it finds, and it never calls a vault absent that is only busy
// or damaged. `doctor` looks deeper.
import { cell } from '../faces/table.ts'
import { escaped } from '../lib/names.ts'
import { agentState } from './parts/agent-state.ts'
import { define } from './define.ts'

const STATES = {
  absent: 'not initialized',
  ok: 'initialized',
  busy: 'busy',
  unreadable: 'unreadable',
  corrupt: 'corrupt',
  foreign: 'not a vault of this program',
} as const

export default define({
  path: 'status',
  about: 'Show the state of the vault',
  detail: 'Needs no passphrase. Exit code 0 in every state; tvault doctor fails when something is wrong.',
  effect: 'none',
  on: ['cli'],
  holdsKeys: false,
  input: {},
  examples: [
    { words: 'status', about: 'A few lines' },
    { words: 'status --json', about: 'For scripts' },
  ],
  async run(context) {
    const { directory, state, detail } = await context.inspect({ deep: false })
    const base = { directory, state, ...(detail !== undefined && { detail }) }
    if (state !== 'ok') return base
    const names = await context.names()
    const { currentProject, projects } = names.summary()
    const project = context.globals.project
    const missing = project !== undefined && !names.projects().some(({ name }) => name === project)
    const agent = await agentState(context)
    return { ...base, current: currentProject || 'default', projects, agent, ...(missing && { missing: project }) }
  },
  human({ directory, state, detail, ...rest }, style) {
    const line = (label: string, text: string) => `${style.bold(`${label}:`)} ${text}\n`
    const out = [line('Vault', escaped(directory)), line('Status', STATES[state])]
    if ('current' in rest) {
      const { running, accessible } = rest.agent
      const how = accessible ? 'running' : 'running (gives no values here)'
      out.push(line('Lock', accessible ? 'unlocked' : 'locked'), line('Agent', running ? how : 'not running'))
      out.push(line('Current project', cell(rest.current)), line('Projects', `${rest.projects}`))
      if (rest.missing !== undefined) out.push(line('Warning', `there is no project '${cell(rest.missing)}'`))
    } else if (detail !== undefined) out.push(line('Detail', cell(detail)))
    return out.join('')
  },
  json({ directory, state, detail, ...rest }) {
    const initialized = state !== 'absent' && state !== 'foreign'
    if (!('current' in rest))
      return { initialized, state, ...(detail !== undefined && { detail }), vault_dir: directory }
    return {
      agent_accessible: rest.agent.accessible,
      agent_running: rest.agent.running,
      current_project: rest.current,
      initialized,
      locked: !rest.agent.accessible,
      project_count: rest.projects,
      state,
      vault_dir: directory,
    }
  },
})
