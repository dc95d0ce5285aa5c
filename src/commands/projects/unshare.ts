// Takes a project back from a recipient: new key, everything sealed again, and the list of what they may have read.
import { cell } from '../../faces/table.ts'
import { define } from '../define.ts'

const SHOWN = 50

export default define({
  path: 'projects unshare',
  aliases: ['project unshare', 'p unshare'],
  about: 'Take a project back from a recipient',
  detail:
    'The project gets a new key, and every value and version is sealed again in a new file, so that what they kept ' +
    'opens nothing of the vault from now on. What they have read already they know: the secrets are listed, so that ' +
    'you can change them where they come from. Old backups still open for them.',
  effect: 'share',
  on: ['cli'],
  holdsKeys: true,
  input: {
    recipient: { kind: 'text', at: 0, required: true, about: 'Their public key (tvault1…)' },
  },
  examples: [{ words: 'projects unshare tvault1... -p web', about: 'Then change the secrets that it lists' }],
  async run(context, { recipient }) {
    const view = await context.vault()
    const project = context.project(view)
    const progress = context.progress('sealing again')
    const { recipient: left, ...rest } = await view.unshare(project, recipient, { progress })
    return { project, ...left, ...rest, all: context.globals.verbose }
  },
  human({ project, recipient, label, couldRead, versions, remaining, all }, style) {
    const shown = all ? couldRead : couldRead.slice(0, SHOWN)
    const rest = couldRead.length - shown.length
    const name = label === '' ? recipient : `${recipient} (${cell(label)})`
    return {
      out: `${style.ok(`Removed ${name} from project '${cell(project)}' (live vault re-keyed, secrets re-encrypted)`)}\n`,
      note: [
        `The project is shared with ${remaining} other(s).`,
        ...(couldRead.length === 0
          ? ['There was nothing to read in it.']
          : [
              style.warn(`They could read these ${couldRead.length} secret(s), ${versions} version(s) in all.`),
              'Change them where they come from:',
              ...shown.map((key) => `  ${key}`),
              ...(rest > 0 ? [`  and ${rest} more (--verbose shows all)`] : []),
            ]),
      ].join('\n'),
    }
  },
  json: ({ project, recipient, fingerprint, label, couldRead, versions, remaining }) => ({
    project,
    recipient,
    fingerprint,
    label,
    could_read: couldRead,
    versions,
    remaining,
    changed: true,
  }),
})
