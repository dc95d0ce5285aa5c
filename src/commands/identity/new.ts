// Makes an identity: a private key that stays here, and a recipient that others may seal to.
import { printable } from '../../lib/names.ts'
import { define } from '../define.ts'

export default define({
  path: 'identity new',
  about: 'Make an identity, to which others can seal',
  detail:
    'Needs no vault. The private key goes into a file of mode 0600 in the vault directory, which `tvault backup` does ' +
    'not copy: what is sealed to it is lost with it. The recipient is no secret; give it to whoever seals for you. It ' +
    'has no checksum, so compare the fingerprint.',
  effect: 'admin',
  on: ['cli'],
  holdsKeys: true,
  input: {
    name: { kind: 'text', at: 0, fallback: 'default', about: 'Name: letters, digits, - and _' },
  },
  examples: [
    { words: 'identity new', about: 'The one that is tried first' },
    { words: 'identity new ci', about: 'One for a machine' },
  ],
  async run(context, { name: typed = 'default' }) {
    const { name, path, identity } = await context.identityFiles.create(typed)
    const { fingerprintOf } = await import('../../formats/recipients-file.ts')
    return { name, path, recipient: identity.recipient.text, fingerprint: fingerprintOf(identity.recipient) }
  },
  human: ({ name, path, recipient, fingerprint }, style) => ({
    out:
      `${style.ok(`Created identity "${name}"`)}\n` +
      `Private key: ${printable(path)} (0600 — do not commit)\nRecipient: ${recipient}\nFingerprint: ${fingerprint}\n`,
    note: 'Give the recipient to whoever seals for you. The file with the private key stays here.',
  }),
  json: ({ name, path, recipient, fingerprint }) => ({ name, path, recipient, fingerprint, changed: true }),
})
