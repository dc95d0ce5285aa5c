// With whom a project is shared. Needs no passphrase; that nobody changed the list can only be checked with it.
import { cell, table } from '../../faces/table.ts'
import { toHuman, toRfc3339Seconds } from '../../lib/time.ts'
import { define } from '../define.ts'

export default define({
  path: 'projects recipients',
  aliases: ['project recipients', 'p recipients'],
  about: 'List the recipients of a project',
  detail:
    'Needs no passphrase. Somebody who can write the vault file could change the list, and that shows only with the ' +
    'passphrase: --verify asks for it and checks. Sharing and unsharing always check.',
  effect: 'list',
  on: ['cli', 'mcp'],
  holdsKeys: true,
  input: {
    long: { kind: 'flag', short: 'l', about: 'With label, fingerprint and time' },
    verify: { kind: 'flag', about: 'Unlock the vault and check that nobody else changed the list' },
  },
  examples: [
    { words: 'projects recipients -p web', about: 'One per line' },
    { words: 'projects recipients -p web --long --verify', about: 'Checked, with fingerprints' },
  ],
  async run(context, { verify }) {
    const names = verify ? await context.vault() : await context.names()
    const project = context.project(names)
    return { project, recipients: names.recipients(project), verified: verify }
  },
  human({ project, recipients }, _style, { long }) {
    if (recipients.length === 0) return { note: `Project '${cell(project)}' is not shared with anyone.` }
    if (!long) return recipients.map(({ recipient }) => `${recipient}\n`).join('')
    const rows = recipients.map((one) => [one.recipient, one.fingerprint, cell(one.label), toHuman(one.sharedAt)])
    return table(['RECIPIENT', 'FINGERPRINT', 'LABEL', 'SHARED'], rows)
  },
  json: ({ project, recipients, verified }) => ({
    project,
    recipients: recipients.map(({ recipient }) => recipient),
    details: recipients.map(({ recipient, fingerprint, label, sharedAt }) => ({
      recipient,
      fingerprint,
      label,
      shared_at: toRfc3339Seconds(sharedAt),
    })),
    verified,
  }),
})
