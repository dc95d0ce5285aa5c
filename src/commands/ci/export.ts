// Gives secrets to the later steps of a CI job, in the form that the job's runner reads. On GitHub the runner is told
// to hide them before it gets them; a value that the form cannot hold stops all of it.
import { SELECT_FIELDS, SOURCE_FIELDS, selection } from '../../faces/fields.ts'
import { printDialect } from '../../formats/dialects.ts'
import { MAX_DOTENV_BYTES } from '../../formats/dotenv-files.ts'
import { parseDotenv } from '../../formats/dotenv.ts'
import { FORMATS } from '../../formats/print.ts'
import { Failure } from '../../lib/errors.ts'
import { printable } from '../../lib/names.ts'
import type { Entry } from '../../vault/view.ts'
import type { Context } from '../context.ts'
import { define } from '../define.ts'
import { openSource } from '../parts/source.ts'

type Selection = ReturnType<typeof selection>

export default define({
  path: 'ci export',
  about: 'Give secrets to the later steps of a CI job',
  detail:
    'github-actions: prints ::add-mask:: lines, so that the log hides the values, and appends to the file GITHUB_ENV. ' +
    'gitlab: prints lines to eval in before_script; GitLab hides no values that a job makes itself. --in takes them ' +
    'from dotenv text (- is standard input) and needs no vault. A missing key, a line that is not understood and ' +
    'nothing at all are errors.',
  effect: 'reveal',
  on: ['cli'],
  holdsKeys: true,
  input: {
    provider: { kind: 'choice', required: true, choices: ['github-actions', 'gitlab'], about: 'Whose job this is' },
    in: { kind: 'text', short: 'i', placeholder: 'file', complete: 'file', about: 'Dotenv text instead of the vault' },
    ...SELECT_FIELDS,
    ...SOURCE_FIELDS,
  },
  examples: [
    { words: 'ci export --provider github-actions --in -', about: 'Behind: tvault open --in .env.encrypted |' },
    { words: 'ci export --provider gitlab --only API_KEY', about: 'From the vault of the runner' },
  ],
  async run(context, { provider, in: file, only, prefix, ...from }) {
    const selected = selection({ only, prefix })
    const other = Object.entries(from).find(([, value]) => value !== undefined)
    if (file !== undefined && other !== undefined) {
      throw new Failure('usage', `--in and --${other[0]} exclude each other`, { hint: 'the text is not in the vault' })
    }
    if (context.globals.json && provider === 'github-actions') {
      throw new Failure('usage', '--json cannot carry the lines that make the runner hide values', {
        hint: 'leave --json out',
      })
    }
    const { entries, missing } =
      file === undefined ? (await openSource(context, from)).read(selected) : await fromFile(context, file, selected)
    try {
      if (missing.length > 0) {
        throw new Failure('not_found', `--only key(s) not found: ${missing.map(printable).join(', ')}`, {
          hint: 'tvault list shows what is in the vault',
        })
      }
      if (entries.length === 0) throw new Failure('not_found', 'there is nothing to export', { hint: 'tvault list' })
      const keys = entries.map(({ key }) => key)
      if (provider === 'gitlab') {
        const options = { exported: true, name: undefined, namespace: 'default', stack: undefined }
        return { provider, keys, printed: FORMATS.shell(entries, options) }
      }
      const masks = printDialect(entries, 'github-mask')
      const lines = printDialect(entries, 'github-env')
      try {
        await context.appendToJob(lines)
      } finally {
        lines.wipe()
      }
      return { provider, keys, printed: masks }
    } finally {
      for (const { value } of entries) value.wipe()
    }
  },
  human: ({ keys, printed }) => ({ out: printed, note: `${keys.length} secret(s) for the following steps` }),
  json: ({ provider, keys, printed }) => ({ provider, keys, script: printed }),
})

async function fromFile(
  context: Context,
  file: string,
  { only, prefix }: Selection,
): Promise<{ entries: Entry[]; missing: string[] }> {
  const bytes = await context.readFile(file, { maxBytes: MAX_DOTENV_BYTES, stdin: true })
  const { entries, notes } = parseDotenv(bytes)
  bytes.fill(0)
  const skipped = notes.find(({ kind }) => kind === 'skipped')
  const wanted = ({ key }: Entry): boolean =>
    (only === undefined && prefix === undefined) ||
    only?.includes(key) === true ||
    (prefix !== undefined && key.startsWith(prefix))
  for (const entry of entries) if (skipped || !wanted(entry)) entry.value.wipe()
  if (skipped) {
    const name = file === '-' ? 'standard input' : printable(file)
    throw new Failure('failed', `${name}:${skipped.line}: ${skipped.message}`, {
      hint: 'mend the line; nothing was exported',
    })
  }
  const taken = entries.filter(wanted)
  return { entries: taken, missing: (only ?? []).filter((key) => !taken.some((entry) => entry.key === key)) }
}
