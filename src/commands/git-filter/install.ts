// Switches the filters on in this clone, and opens what is sealed in it.
import { escaped } from '../../lib/names.ts'
import type { Style } from '../context.ts'
import { define } from '../define.ts'
import { changedLines } from '../parts/git-changed.ts'
import { gitSurroundings } from '../parts/git-surroundings.ts'

const NEXT = `
Next:
  tvault git-filter track .env        # choose what to encrypt
  git add .gitattributes .tvault-recipients && git commit -m "enable tvault"
`

export default define({
  path: 'git-filter install',
  about: 'Encrypt tracked files in this git repository',
  detail:
    'Registers filter, diff and merge drivers in the configuration of this clone, adds recipients to .tvault-recipients, ' +
    'and installs a pre-commit hook that refuses plaintext of tracked paths; a hook that is there is kept and runs ' +
    'first. Then files that are still sealed are opened, and files in the index that are sealed to other recipients ' +
    'than those of now are sealed anew. Every clone needs it once. Safe to repeat.',
  effect: 'write-file',
  on: ['cli'],
  holdsKeys: true,
  input: {
    recipient: { kind: 'list', placeholder: 'recipient', about: 'Who may open the files (tvault1…); may be repeated' },
  },
  examples: [
    { words: 'git-filter install --recipient tvault1…', about: 'For yourself: tvault identity list shows yours' },
    { words: 'git-filter install', about: 'In a fresh clone' },
  ],
  async run(context, { recipient = [] }) {
    const { install } = await import('../../git/install.ts')
    return install(gitSurroundings(context, 'git-filter install'), recipient)
  },
  human(installed, style) {
    const { top, added, recipientsFile } = installed
    const lines = [style.ok(`Installed tvault clean/smudge filters in ${escaped(top)}`)]
    if (added.length > 0) lines.push(`Recipients added: ${added.length} → ${escaped(recipientsFile)}`)
    return { out: `${[...lines, ...changedLines(installed)].join('\n')}\n`, note: notes(style, installed) }
  },
  json: ({ added, opened, resealed, guard }) => ({
    installed: true,
    recipients_added: added.length,
    decrypted: opened.done.length,
    resealed,
    left: opened.left,
    guard: guard === 'active',
  }),
})

function notes(
  style: Style,
  { guard, recipients, patterns }: { guard: 'active' | 'absent' | 'elsewhere'; recipients: number; patterns: number },
): string | undefined {
  const lines: string[] = []
  if (guard !== 'active') {
    const where = guard === 'elsewhere' ? 'core.hooksPath names a folder of hooks' : 'a pre-commit hook is in the way'
    lines.push(
      style.warn(`no guard was installed: ${where}; put this line into yours: tvault git-filter check --staged`),
    )
  }
  if (recipients === 0) {
    lines.push(style.warn('.tvault-recipients names nobody yet, so nothing can be sealed: add --recipient tvault1…'))
  }
  if (patterns === 0) lines.push(NEXT)
  return lines.length === 0 ? undefined : lines.join('\n')
}
