// Takes secrets into the vault, in one transaction: all keys of the plan, or none. Nothing that was not understood is
// passed over in silence, and no message holds a value.
import { stepBack } from '../lib/load.ts'
import { define } from './define.ts'
import { linesJson } from './parts/dotenv-input.ts'
import { loadDotenv } from './parts/import-dotenv.ts'
import { FORMATS, loadForeign } from './parts/import-foreign.ts'
import {
  approve,
  closingNote,
  count,
  report,
  wipe,
  type Change,
  type Imported,
  type Step,
} from './parts/import-plan.ts'

/** From here on it takes long enough for others to notice. */
const MANY = 10_000

export default define({
  path: 'import',
  about: 'Store the entries of dotenv files, or what another program keeps',
  detail:
    'Without a file: .env, .env.NAME (with --env), .env.local and .env.NAME.local of the directory, later ones win. ' +
    'Nothing in a file is expanded or run. Keys that exist are kept unless --overwrite; equal values make no new version. ' +
    'With --from FORMAT the file is of another program (auto finds out which); topic moving-in says how its names become keys.',
  effect: 'write',
  on: ['cli'],
  holdsKeys: true,
  input: {
    path: { kind: 'text', at: 0, placeholder: 'file', complete: 'file', about: 'A dotenv file (- for standard input)' },
    from: { kind: 'choice', choices: FORMATS, about: 'The file is of another program; auto looks at its content' },
    'key-file': {
      kind: 'text',
      complete: 'file',
      placeholder: 'path',
      about: 'With --from: an age identity, .env.keys, or a key file of KeePass',
    },
    prefix: { kind: 'text', about: 'With --from: put this in front of every key' },
    file: { kind: 'list', complete: 'file', about: 'A dotenv file; repeat it, later ones win' },
    dir: { kind: 'text', complete: 'directory', about: 'Where to look for files', fallback: '.' },
    env: { kind: 'text', placeholder: 'name', about: 'Also .env.NAME and .env.NAME.local' },
    overwrite: { kind: 'flag', about: 'Make new versions of keys that exist' },
    'dry-run': { kind: 'flag', about: 'Show what would happen' },
    interactive: { kind: 'flag', about: 'Choose the files, see the plan, confirm' },
    strict: { kind: 'flag', about: 'Fail, and store nothing, when something is not understood' },
  },
  examples: [
    { words: 'import', about: 'The dotenv files of this directory' },
    { words: 'import .env.production --dry-run', about: 'What would be stored from one file' },
    { words: 'import --from auto export.1pux --dry-run', about: "Which keys another program's export would become" },
    { words: 'import --env staging --overwrite', about: 'With the files of one environment, replacing values' },
  ],
  async run(context, input): Promise<Imported> {
    const { entries, ...loaded } =
      input.from === undefined ? await loadDotenv(context, input) : await loadForeign(context, input)
    try {
      const view = await context.vault()
      const project = context.project(view)
      const comparing = { progress: context.progress('comparing') }
      const states = new Map(view.compareMany(project, entries, comparing).map(({ key, state }) => [key, state]))
      const steps = entries.map(({ key, file }): Step => {
        const state = states.get(key) ?? 'absent'
        if (state === 'absent') return { key, file, change: 'created' }
        if (state === 'same') return { key, file, change: 'unchanged' }
        return { key, file, change: input.overwrite ? 'overwritten' : 'skipped' }
      })
      const result = { ...loaded, project, dryRun: input['dry-run'], verbose: context.globals.verbose, steps }
      if (input['dry-run']) return result
      const wanted = entries.filter(({ key }) => states.get(key) !== 'same')
      if (input.interactive && wanted.length > 0) await approve(context, result)
      if (wanted.length >= MANY) await stepBack()
      const progress = context.progress('importing')
      const { written } = view.writeMany(project, wanted, { overwrite: input.overwrite, progress })
      // What was written decides: another process may have stored a key since the plan was made.
      const changes = new Map<string, Change>(wanted.map(({ key }) => [key, 'skipped']))
      for (const { key, change } of written) changes.set(key, change === 'updated' ? 'overwritten' : change)
      return { ...result, steps: steps.map((step) => ({ ...step, change: changes.get(step.key) ?? step.change })) }
    } finally {
      wipe(entries)
    }
  },
  human: (result, style) => ({ out: report(result, style), ...closingNote(result, style) }),
  json: ({ project, dryRun, files, steps, lines, foreign }) => ({
    project,
    dry_run: dryRun,
    files,
    created: count(steps, 'created'),
    overwritten: count(steps, 'overwritten'),
    unchanged: count(steps, 'unchanged'),
    skipped: count(steps, 'skipped'),
    secrets: steps,
    lines: linesJson(lines),
    ...(foreign && { format: foreign.format, notes: foreign.notes }),
    changed: !dryRun && steps.some(({ change }) => change === 'created' || change === 'overwritten'),
  }),
})
