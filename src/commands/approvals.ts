// What AI agents wait for the owner to allow. Looking at it decides nothing.
import { define } from './define.ts'
import { waitingTable } from './parts/approvals.ts'

export default define({
  path: 'approvals',
  about: 'List what AI agents wait for you to allow',
  detail:
    'A use that the policy wants you to be asked about waits in the agent for a minute, and is refused when you say ' +
    'nothing. tvault approvals watch shows each as it comes; tvault docs policy tells how to have yourself asked.',
  effect: 'none',
  on: ['cli'],
  holdsKeys: false,
  input: {},
  examples: [{ words: 'approvals', about: 'What waits, and clients that are locked out' }],
  run: async (context) => (await context.agent()).approvals(),
  human: (waiting, style) =>
    waiting.pending.length + waiting.locked_out.length === 0
      ? { note: 'nothing waits' }
      : { out: waitingTable(waiting, style), note: 'tvault approvals approve ID, or: tvault approvals deny ID' },
})
