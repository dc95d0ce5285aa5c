// Shows filters, recipients and identity, and whether the identity really opens what is stored.
import { listed } from '../../faces/table.ts'
import { escaped } from '../../lib/names.ts'
import { define } from '../define.ts'
import { gitSurroundings } from '../parts/git-surroundings.ts'

export default define({
  path: 'git-filter status',
  about: 'Show filters, recipients and what opens',
  detail:
    'Opens every tracked file of the index on trial and shows nothing of it. Exit code 1 when the filters are not ' +
    'installed, a tracked file is stored as plaintext or damaged, or there is an identity that does not open every file.',
  effect: 'list',
  on: ['cli'],
  holdsKeys: true,
  input: {},
  examples: [{ words: 'git-filter status', about: 'How this clone stands' }],
  async run(context) {
    const { statusOf } = await import('../../git/status.ts')
    const status = await statusOf(gitSurroundings(context, 'git-filter status'))
    const { files, hasIdentity, isInstalled } = status
    const closed = [...files['cannot open'], ...files['stale, cannot open']]
    const stale = [...files.stale, ...files['stale, cannot open']]
    const isWell =
      isInstalled && files.plaintext.length === 0 && files.damaged.length === 0 && !(hasIdentity && closed.length > 0)
    return { ...status, closed, stale, isWell }
  },
  human(
    { top, isInstalled, guard, recipients, identity, hasIdentity, isRecipient, patterns, files, closed, stale },
    style,
  ) {
    const opened = files.current.length + files.stale.length
    const lines = [
      isInstalled
        ? style.ok(`Filters installed in ${escaped(top)}`)
        : style.bad('Filters NOT installed (run: tvault git-filter install)'),
      `Guard: ${guard === 'active' ? 'active (pre-commit hook)' : guard === 'elsewhere' ? 'not ours to see (core.hooksPath is set)' : 'missing'}`,
      `Recipients: ${recipients.length}${recipients.length > 0 ? ` (${recipients.map((text) => `${text.slice(0, 20)}…`).join(', ')})` : ''}`,
      `Identity: ${escaped(identity)} (${hasIdentity ? (isRecipient ? 'available' : 'available, but not a recipient') : 'missing — files will stay encrypted'})`,
      `Tracked: ${patterns.length > 0 ? patterns.map(escaped).join(', ') : 'nothing (tvault git-filter track .env)'}`,
      `Files: ${opened + closed.length} encrypted, of which ${opened} open here`,
    ]
    const list = (items: readonly string[], what: string): void => {
      if (items.length > 0) lines.push(style.warn(`${items.length} ${what}`), ...listed(items))
    }
    list(files.plaintext, 'tracked file(s) are stored as PLAINTEXT: git add --renormalize .')
    list(files.damaged, 'file(s) are damaged')
    list(stale, 'file(s) are not sealed to exactly these recipients: tvault git-filter checkout')
    return `${lines.join('\n')}\n`
  },
  json: ({
    isInstalled,
    guard,
    recipients,
    identity,
    hasIdentity,
    isRecipient,
    patterns,
    files,
    closed,
    stale,
    isWell,
  }) => ({
    installed: isInstalled,
    recipients,
    identity,
    identity_available: hasIdentity,
    identity_is_recipient: isRecipient,
    tracked: patterns,
    guard: guard === 'active',
    opens: files.current.length + files.stale.length,
    does_not_open: closed,
    plaintext: files.plaintext,
    damaged: files.damaged,
    stale,
    ok: isWell,
  }),
  exitCode: ({ isWell }) => (isWell ? 0 : 1),
})
