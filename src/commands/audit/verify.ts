// Recomputes the audit chain. Keeping a printed head elsewhere makes a cut-off tail visible as well.
import { define } from '../define.ts'

export default define({
  path: 'audit verify',
  about: 'Check that the audit log was not edited',
  detail:
    'Finds rows that were changed, removed, inserted or moved. A log whose newest rows were cut off looks intact by ' +
    'itself: note down the head that is printed, and give it to --head later.',
  effect: 'list',
  on: ['cli'],
  holdsKeys: true,
  input: {
    head: { kind: 'text', placeholder: 'head', about: 'A head printed earlier, which must still be in the log' },
  },
  examples: [{ words: 'audit verify', about: 'Exit code 9 means: the log was tampered with' }],
  async run(context, { head }) {
    const view = await context.vault()
    return { intact: true, ...view.verifyAudit(head) }
  },
  human: ({ rows, head }, style) => `${style.ok(`Audit log intact: ${rows} row(s)`)}\nHead: ${head}\n`,
})
