// Whether an agent runs, and how long it will. Not running is an answer, not an error.
import { durationWords } from '../../lib/quantities.ts'
import { printable } from '../../lib/names.ts'
import { define } from '../define.ts'

export default define({
  path: 'agent status',
  about: 'Show whether an agent runs',
  effect: 'none',
  on: ['cli'],
  holdsKeys: false,
  input: {},
  examples: [{ words: 'agent status', about: 'Its process, socket, project and remaining time' }],
  run: async (context) => (await context.agent()).status(),
  human(state, style) {
    if (!state.running) {
      const stale = state.stale_socket ? ' (a socket is left of one that was killed; the next start removes it)' : ''
      return { note: `agent not running${stale}` }
    }
    const idle = state.idle_remaining_seconds === 0 ? 'never' : `in ${durationWords(state.idle_remaining_seconds)}`
    const rows = [
      ['PID', String(state.pid)],
      ['Socket', printable(state.socket)],
      ['Vault', state.unlocked ? 'unlocked' : 'locked'],
      ['Project', printable(state.project)],
      ['Uptime', durationWords(state.uptime_seconds)],
      ['Idle-locks', idle],
      ...(state.approvals_waiting
        ? [['Waiting', `${state.approvals_waiting} uses of AI agents: tvault approvals`]]
        : []),
      ...(state.clients_locked_out ? [['Locked out', `${state.clients_locked_out} AI clients: tvault approvals`]] : []),
    ]
    return `${style.ok('agent running')}\n${rows.map(([name, value]) => `${style.bold(`${name}:`)} ${value}\n`).join('')}`
  },
})
