// Runs a program with secrets in its environment. The program takes the place of this process (execve), so signals,
// the terminal and the exit code are its own, and neither lock nor key outlives the start.
import { SELECT_FIELDS, selection } from '../faces/fields.ts'
import { cell } from '../faces/table.ts'
import { Failure } from '../lib/errors.ts'
import type { Entry } from '../vault/view.ts'
import { define } from './define.ts'

/** Names that belong to tvault; a secret called so would change how a tvault inside the program behaves. */
const OWN = 'TVAULT_'

export default define({
  path: 'run',
  about: 'Run a program with secrets in its environment',
  detail:
    'Everything after the program belongs to it. --only and --prefix add up; without either, all secrets of the project ' +
    'are given. The exit code is the one of the program; 127 when it was not found, 126 when it could not be started.',
  effect: 'inject',
  on: ['cli'],
  holdsKeys: true,
  input: {
    ...SELECT_FIELDS,
    strict: { kind: 'flag', about: 'Fail when a key of --only is missing or nothing is selected' },
    clean: { kind: 'flag', about: 'Start from an empty environment (PATH, HOME, TERM and LANG stay)' },
    command: { kind: 'rest', at: 0, required: true, about: 'The program and its arguments' },
  },
  examples: [
    { words: 'run -- npm start', about: 'All secrets of the project' },
    { words: 'run --only DATABASE_URL,API_KEY -- ./server', about: 'Only two' },
    { words: 'run -p web --prefix DB_ --clean -- psql', about: 'Some, and nothing else of this environment' },
  ],
  async run(context, { only, prefix, strict, clean, command }) {
    const selected = selection({ only, prefix })
    if (command.length === 0 || command[0] === '') {
      throw new Failure('usage', 'command is required', { hint: 'tvault run -- npm start' })
    }
    const view = await context.vault()
    const project = context.project(view)
    const { entries, missing } = view.readMany(project, selected)
    try {
      if (missing.length > 0) {
        const words = `--only key(s) not found in project "${cell(project)}": ${missing.map(cell).join(', ')}`
        if (strict) throw new Failure('not_found', words, { hint: 'tvault list shows what is there' })
        context.note(`warning: ${words}`)
      }
      if (strict && entries.length === 0) {
        throw new Failure('not_found', `no secret of project "${cell(project)}" is selected`, {
          hint: 'tvault list shows what is there',
        })
      }
      const inject = entries.filter(({ key }) => !key.startsWith(OWN)).map(({ key: name, value }) => ({ name, value }))
      noteOwn(entries, (text) => context.note(text))
      return await context.become({ command, inject, clean })
    } finally {
      for (const { value } of entries) value.wipe()
    }
  },
})

function noteOwn(entries: readonly Entry[], note: (text: string) => void): void {
  const own = entries.filter(({ key }) => key.startsWith(OWN)).map(({ key }) => key)
  if (own.length > 0) note(`warning: not given to the program, because ${OWN} names are our own: ${own.join(', ')}`)
}
