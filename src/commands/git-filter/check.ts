// Fails when git has, or is about to take, plaintext of a tracked path: for CI and for the pre-commit hook.
import { listed } from '../../faces/table.ts'
import { Failure } from '../../lib/errors.ts'
import type { Style } from '../context.ts'
import { define } from '../define.ts'
import { gitSurroundings } from '../parts/git-surroundings.ts'

export default define({
  path: 'git-filter check',
  about: 'Fail when a tracked file is stored as plaintext',
  detail:
    'Looks at every tracked path of the index and of HEAD; needs no identity, so it runs in CI. Exit code 1 when one is ' +
    'plaintext, or when attributes make git change line ends in sealed files. With --staged only what the next commit ' +
    'changes: that is what the pre-commit hook asks. It then also refuses files that are not sealed to the recipients ' +
    'being committed, when they could be sealed anew here, and files in which the comment of a merge conflict is left.',
  effect: 'list',
  on: ['cli'],
  holdsKeys: true,
  input: {
    staged: { kind: 'flag', about: 'Only what the next commit changes' },
    history: { kind: 'flag', about: 'Also every version in every branch and tag' },
    strict: { kind: 'flag', about: 'Also fail when a file is not sealed to exactly the recipients of now' },
  },
  examples: [
    { words: 'git-filter check', about: 'In CI' },
    { words: 'git-filter check --history --strict', about: 'Everything there is to find' },
  ],
  async run(context, { staged, history, strict }) {
    if (staged && history) throw new Failure('usage', '--staged and --history exclude each other')
    const { checkAll, checkStaged } = await import('../../git/check.ts')
    // Quiet: whether somebody has a key is not what is asked.
    const around = gitSurroundings(context, 'git-filter check', { quiet: true })
    const checked = staged ? await checkStaged(around) : await checkAll(around, { history })
    const { plaintext, unsafe, conflicts, stale, canReseal } = checked
    const refusesStale = stale.length > 0 && (strict || (staged && canReseal))
    const isClean = plaintext.length + unsafe.length + conflicts.length === 0 && !refusesStale
    return { ...checked, staged, refusesStale, isClean }
  },
  human(result, style) {
    const lines = faults(result, style)
    if (!result.isClean) return { note: lines.join('\n') }
    const out = result.staged ? undefined : `${style.ok(`${result.blobs} stored file(s) checked, none is plaintext`)}\n`
    return { out, note: lines.length === 0 ? undefined : lines.join('\n') }
  },
  json: ({ blobs, plaintext, unsafe, stale, conflicts, absent, isClean }) => ({
    ok: isClean,
    checked: blobs,
    plaintext: plaintext.map(({ path, where, commit }) => ({ path, where, ...(commit && { commit }) })),
    unsafe_attributes: unsafe,
    stale,
    conflicts,
    not_looked_at: absent,
  }),
  exitCode: ({ isClean }) => (isClean ? 0 : 1),
})

interface Faults {
  plaintext: { path: string; where: string; commit?: string }[]
  unsafe: { path: string; attribute: string }[]
  conflicts: { path: string; keys: string[] }[]
  stale: string[]
  absent: number
  staged: boolean
  refusesStale: boolean
}

function faults({ plaintext, unsafe, conflicts, stale, absent, staged, refusesStale }: Faults, style: Style): string[] {
  const lines: string[] = []
  const say = (line: string, items: readonly string[], hint: string): void => {
    if (items.length > 0) lines.push(line, ...listed(items), `hint: ${hint}`)
  }
  say(
    style.bad('tracked files as plaintext:'),
    plaintext.map(({ path, where, commit }) => `${path} (${commit?.slice(0, 12) ?? where})`),
    staged
      ? 'tvault git-filter install, then git add --renormalize .'
      : 'git add --renormalize . for the index; what was committed is known: change these values',
  )
  say(
    style.bad('attributes by which git would change sealed bytes:'),
    unsafe.map(({ path, attribute }) => `${path} (${attribute})`),
    'tvault git-filter track PATTERN adds -text; take the other attribute off these files',
  )
  say(
    style.bad('comments of a merge conflict are left:'),
    conflicts.map(({ path, keys }) => `${path} (${keys.join(', ')})`),
    'choose the values, delete the comments, git add the files',
  )
  say(
    (refusesStale ? style.bad : style.warn)('not sealed to exactly the recipients in .tvault-recipients:'),
    stale,
    'tvault git-filter checkout seals them anew',
  )
  if (absent > 0) lines.push(style.warn(`${absent} version(s) are not in this clone and were not looked at`))
  return lines
}
