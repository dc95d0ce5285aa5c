// Lets somebody else read a project: its key is wrapped for their public key. They need no passphrase afterwards.
import { cell } from '../../faces/table.ts'
import { define } from '../define.ts'
import { quoted } from '../parts/groups.ts'

export default define({
  path: 'projects share',
  aliases: ['project share', 'p share'],
  about: 'Let a recipient read a project',
  detail:
    'The recipient is the public key that tvault identity list shows to its owner. It has no checksum: compare the ' +
    'fingerprint with them. They can read all secrets of the project with all their versions, and nothing else. They ' +
    'also need the vault file. See tvault docs sharing.',
  effect: 'share',
  on: ['cli'],
  holdsKeys: true,
  input: {
    recipient: { kind: 'text', at: 0, required: true, about: 'Their public key (tvault1…)' },
    label: { kind: 'text', placeholder: 'name', about: 'What you call them; stands in the list' },
  },
  examples: [{ words: 'projects share tvault1... -p web --label ci', about: 'The build server may read web' }],
  async run(context, { recipient, label }) {
    const view = await context.vault()
    const project = context.project(view)
    const shared = view.share(project, recipient, label === undefined ? {} : { label })
    return { project, ...shared.recipient, changed: shared.changed }
  },
  human: ({ project, recipient, fingerprint, changed }, style) => ({
    out: `${style.ok(`Shared project '${cell(project)}' with ${recipient}`)}\n`,
    note: [
      `Fingerprint: ${fingerprint}. Ask its owner whether tvault identity list shows the same.`,
      ...(changed ? [] : ['It was shared with this recipient already.']),
      `They can read it with: tvault env -p ${quoted(project)} --identity <name>`,
    ].join('\n'),
  }),
  json: ({ project, recipient, fingerprint, label, changed }) => ({ project, recipient, fingerprint, label, changed }),
})
