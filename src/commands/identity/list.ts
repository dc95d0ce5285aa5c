// Lists identities with their recipients, which are computed from the private keys and not taken from comments.
import { printable } from '../../lib/names.ts'
import { define } from '../define.ts'

const WIDTH = 16

export default define({
  path: 'identity list',
  aliases: ['identity ls'],
  about: 'List the identities with their recipients',
  detail: 'One line each: name, recipient, fingerprint of the recipient.',
  effect: 'list',
  on: ['cli', 'mcp'],
  holdsKeys: true,
  input: {},
  examples: [{ words: 'identity list', about: 'Names, recipients and fingerprints' }],
  async run(context) {
    const [found, { fingerprintOf }] = await Promise.all([
      context.identityFiles.list(),
      import('../../formats/recipients-file.ts'),
    ])
    return found.map((one) =>
      'fault' in one
        ? { name: one.name, unreadable: one.fault }
        : { name: one.name, recipient: one.recipient.text, fingerprint: fingerprintOf(one.recipient) },
    )
  },
  human: (found) =>
    found.length === 0
      ? { note: 'No identities found. Make one with: tvault identity new' }
      : found
          .map(({ name, recipient, fingerprint, unreadable }) =>
            recipient === undefined
              ? `${name.padEnd(WIDTH)} (unreadable: ${printable(unreadable ?? '')})\n`
              : `${name.padEnd(WIDTH)} ${recipient}  ${fingerprint}\n`,
          )
          .join(''),
})
