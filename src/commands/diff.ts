// What a dotenv file and a project do not have in common. Without --values only names are looked at, and no key is
// needed; with it values are compared inside the vault, which counts as reading them, and none is ever shown.
import { checkDotenvName } from '../formats/dotenv-pick.ts'
import { referencesIn } from '../formats/reference.ts'
import { cell } from '../faces/table.ts'
import { toTrouble } from '../lib/errors.ts'
import { escaped } from '../lib/names.ts'
import type { Context, Style } from './context.ts'
import { define } from './define.ts'
import { linesJson, notesOf, readDotenv, tellLines } from './parts/dotenv-input.ts'
import type { MergedNote } from '../formats/dotenv-merge.ts'

interface Difference {
  project: string
  file: string
  onlyInVault: string[]
  onlyInFile: string[]
  inBoth: string[]
  /** Keys of the file whose value refers to the vault, with what it refers to. Such a value is not compared. */
  references: Record<string, string[]>
  /** With --values: what was compared. */
  values: Record<string, 'same' | 'differs'> | undefined
  notes: readonly MergedNote[]
}

export default define({
  path: 'diff',
  about: 'Compare a dotenv file with a project',
  detail:
    'Names only, without a passphrase; --values also compares the values, without showing one. A value that refers to ' +
    'the vault, ${tvault://KEY}, is listed and not compared. The exit code is 0, or with --exit-code 0 for no difference, 1 for ' +
    'some, and 2 or more when it could not be found out.',
  effect: 'compare',
  on: ['cli', 'mcp'],
  holdsKeys: true,
  input: {
    path: {
      kind: 'text',
      at: 0,
      required: true,
      placeholder: 'file',
      complete: 'file',
      about: 'A dotenv file (- for standard input)',
    },
    values: { kind: 'flag', about: 'Compare the values too' },
    'exit-code': { kind: 'flag', about: 'End with 1 when there is a difference' },
  },
  examples: [
    { words: 'diff .env', about: 'Which names are only here or only there' },
    { words: 'diff .env --values --exit-code', about: 'For a script: is the file up to date?' },
  ],
  async run(context, { path, values, 'exit-code': byCode }) {
    try {
      return { ...(await compare(context, path, values)), byCode }
    } catch (error) {
      throw byCode ? toTrouble(error) : error
    }
  },
  human: (result, style) => ({
    out: report(result, style),
    ...(!result.values && isInSync(result) && { note: 'note: only names were compared; --values compares the values' }),
  }),
  json: (result) => ({
    project: result.project,
    file: result.file,
    only_in_vault: result.onlyInVault,
    only_in_file: result.onlyInFile,
    in_both: result.inBoth,
    references: result.references,
    ...(result.values && { value_diffs: result.values }),
    lines: linesJson(result.notes),
    in_sync: isInSync(result),
  }),
  exitCode: (result) => (result.byCode && !isInSync(result) ? 1 : 0),
})

async function compare(context: Context, path: string, values: boolean): Promise<Difference> {
  if (path !== '-') checkDotenvName(path)
  const source = await readDotenv(context, path)
  const { entries } = source.parsed
  const notes = notesOf(source)
  try {
    tellLines(context, notes)
    const referring = entries.flatMap(({ key, value, line }) => {
      const found = referencesIn(value, `${escaped(source.file)}:${line} ${key}`).map(({ text }) => `\${${text}}`)
      return found.length === 0 ? [] : [[key, found] as const]
    })
    const references = Object.fromEntries(referring)
    const names = values ? await context.vault() : await context.names()
    const project = context.project(names)
    const inVault = new Set(names.list(project).map(({ key }) => key))
    const inFile = new Set(entries.map(({ key }) => key))
    const shared = entries.filter(({ key }) => inVault.has(key))
    const compared = shared.filter(({ key }) => !(key in references))
    return {
      project,
      file: source.file,
      onlyInVault: [...inVault].filter((key) => !inFile.has(key)),
      // An entry that refers to the vault is no value that the vault lacks.
      onlyInFile: [...inFile].filter((key) => !inVault.has(key) && !(key in references)),
      inBoth: shared.map(({ key }) => key),
      references,
      values: values
        ? Object.fromEntries(
            (await context.vault())
              .compareMany(project, compared, { progress: context.progress('comparing') })
              .map(({ key, state }) => [key, state === 'same' ? 'same' : 'differs'] as const),
          )
        : undefined,
      notes,
    }
  } finally {
    for (const { value } of entries) value.wipe()
  }
}

function isInSync({ onlyInVault, onlyInFile, values }: Difference): boolean {
  return onlyInVault.length + onlyInFile.length + differing(values).length === 0
}

function differing(values: Difference['values']): string[] {
  return Object.entries(values ?? {}).flatMap(([key, state]) => (state === 'differs' ? [key] : []))
}

/** All of it for standard output, the verdict last (W55). */
function report(result: Difference, style: Style): string {
  const { project, file, onlyInVault, onlyInFile, references, values } = result
  const blocks = [
    ['Only in vault', onlyInVault],
    ['Only in file', onlyInFile],
    ['Values differ', differing(values).map((key) => `${key} (differs)`)],
    [
      'References, not compared',
      Object.entries(references).map(([key, texts]) => `${key} (${texts.map(cell).join(', ')})`),
    ],
  ] as const
  const lists = blocks
    .filter(([, keys]) => keys.length > 0)
    .map(([title, keys]) => `\n${title} (${keys.length}):\n${keys.map((key) => `  ${key}\n`).join('')}`)
  const verdict = isInSync(result) ? style.ok('In sync.') : style.warn('Out of sync (see above).')
  return `Project: ${cell(project)}\nFile: ${escaped(file)}\n${lists.join('')}${lists.length > 0 ? '\n' : ''}${verdict}\n`
}
