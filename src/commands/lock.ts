// Makes every process that holds the key forget it: the agent, and through it whoever listens to its events. It is
// verified, because a lock that only says so is worse than none.
import { Failure } from '../lib/errors.ts'
import { define } from './define.ts'

export default define({
  path: 'lock',
  about: 'Make every process that has the key forget it',
  detail:
    'The agent stays and can be unlocked again; tvault agent stop ends it. A server for AI agents that unlocked the ' +
    'vault by itself forgets the key within a second, and does not take it again.',
  effect: 'none',
  on: ['cli'],
  holdsKeys: false,
  input: {},
  examples: [{ words: 'lock', about: 'The next command needs the passphrase again' }],
  async run(context) {
    const agent = await context.agent()
    const before = await agent.status()
    if (!before.running) {
      await context.names()
      await agent.lockServers()
      return { locked: true, agent_running: false, changed: false }
    }
    await agent.lock()
    await agent.lockServers()
    const after = await agent.status()
    if (after.running && after.unlocked) {
      throw new Failure('failed', 'the agent still has the key', { hint: 'tvault agent stop' })
    }
    return { locked: true, agent_running: true, changed: before.unlocked }
  },
  human: ({ agent_running, changed }, style) => ({
    out: `${style.ok('Vault locked')}\n`,
    ...(!changed && { note: agent_running ? 'It was locked before.' : 'It was locked before: no agent runs.' }),
  }),
})
