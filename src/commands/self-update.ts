// Replaces this program by a newer one, when a person asks for it and never by itself. What is not signed by the key
// that this build knows is not even unpacked, and an older version is refused: it may have faults that are mended.
import { Failure } from '../lib/errors.ts'
import { define } from './define.ts'
import { agentState } from './parts/agent-state.ts'

export default define({
  path: 'self-update',
  aliases: ['upgrade'],
  about: 'Put a newer version in the place of this program',
  detail:
    'It uses the network when you call it; nothing looks for updates by itself. It fetches the hashes of the newest release ' +
    'and their signature, checks the signature with the key in this program, then fetches the archive for this ' +
    'platform, checks its hash, tries the new program, and puts it in the place of the old one in one step. If it does ' +
    'not run there, the old one comes back. A program that npm, nix, Homebrew or dpkg put there is left to them.',
  effect: 'admin',
  on: ['cli'],
  holdsKeys: false,
  input: {
    check: { kind: 'flag', short: 'c', about: 'Only say whether there is a newer version' },
    version: { kind: 'text', placeholder: 'version', about: 'This version and not the newest' },
    force: { kind: 'flag', about: 'Also take an older version, or the same one again' },
    from: {
      kind: 'text',
      placeholder: 'address',
      about: 'https address or absolute directory of a release; http only on this machine',
    },
    key: { kind: 'text', placeholder: 'key', about: 'Public key (of minisign) that must have signed it' },
  },
  examples: [
    { words: 'self-update --check', about: 'Is there a newer one?' },
    { words: 'self-update', about: 'Take it' },
    { words: 'self-update --from /media/usb/tinyvault', about: 'Without a network' },
  ],
  async run(context, { check, version, force, from, key }) {
    const updates = await context.updates()
    const offer = await updates.look({ from: from || undefined, key: key || undefined, version: version || undefined })
    const found = { current: offer.current, latest: offer.version, update_available: offer.order > 0 }
    if (check) return { ...found, updated: false }
    if (offer.order < 0 && !force) {
      throw new Failure('failed', `${offer.version} is older than ${offer.current}, which runs`, {
        hint: 'an older version may have faults that are mended; --force takes it all the same',
      })
    }
    if (offer.order === 0 && !force) return { ...found, updated: false }
    const { path } = await offer.install()
    if ((await agentState(context)).running) context.note('an agent runs, and is the old program: tvault agent stop')
    return { ...found, updated: true, path }
  },
  human(result, style) {
    const { current, latest, update_available, updated } = result
    if (updated) return `${style.ok(`tvault ${latest} is in the place of ${current}`)}\n`
    if (update_available) return `tvault ${latest} is there; this is ${current}\n`
    return `tvault ${current} is the newest: the release is ${latest}\n`
  },
})
