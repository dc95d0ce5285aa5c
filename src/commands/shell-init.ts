// Lines for the start-up file of a shell. A login must never wait for a question and never fail over a secret, so
// without a source there is nothing on standard output, one notice, and exit code 0.
import { SELECT_FIELDS, selection } from '../faces/fields.ts'
import { cell } from '../faces/table.ts'
import { FORMATS } from '../formats/print.ts'
import { Failure } from '../lib/errors.ts'
import type { Secret } from '../lib/secret.ts'
import type { Entry, View } from '../vault/view.ts'
import type { Context } from './context.ts'
import { define } from './define.ts'

const OPTIONS = { exported: true, name: undefined, namespace: 'default', stack: undefined }

export default define({
  path: 'shell-init',
  about: 'Print lines that load secrets into a shell that is starting',
  detail:
    'Never asks. It takes secrets from a running agent; with --allow-unlock also with a passphrase from ' +
    'TVAULT_PASSPHRASE and its kin. Without any of them it prints nothing but a notice, and ends with 0. A named ' +
    'project is required, so that the current one of another window is not loaded into every shell.',
  effect: 'reveal',
  on: ['cli'],
  holdsKeys: true,
  input: {
    shell: { kind: 'choice', at: 0, required: true, choices: ['bash', 'zsh', 'fish'], about: 'Which shell' },
    ...SELECT_FIELDS,
    'allow-unlock': { kind: 'flag', about: 'Also unlock the vault, with a passphrase that needs no asking' },
    quiet: { kind: 'flag', short: 'q', about: 'No notices' },
  },
  examples: [
    {
      words: 'shell-init bash -p personal --allow-unlock --only GITHUB_TOKEN',
      about: 'In ~/.bashrc: eval "$(tvault shell-init …)"',
    },
    { words: 'shell-init fish -p personal --quiet', about: 'In config.fish: tvault shell-init … | source' },
  ],
  async run(context, { shell, 'allow-unlock': allowUnlock, quiet, ...choice }) {
    const selected = selection(choice)
    const project = context.globals.project
    if (project === undefined) {
      throw new Failure('usage', 'shell-init needs --project: a login shell must load a named project', {
        hint: `tvault shell-init ${shell} --project NAME`,
      })
    }
    const note = (text: string) => {
      if (!quiet) context.note(`tvault: ${text}`)
    }
    const view = await unattended(context, !allowUnlock)
    if (view === undefined) {
      const way = allowUnlock ? 'no passphrase without asking' : 'no agent has the key, and no --allow-unlock'
      note(`${way}; project "${cell(project)}" was not loaded into this shell`)
      return { shell, project, keys: [], script: undefined }
    }
    const { entries, missing } = view.readMany(project, selected)
    try {
      if (missing.length > 0) note(`--only key(s) not found in "${cell(project)}": ${missing.map(cell).join(', ')}`)
      const format = shell === 'fish' ? 'fish' : 'shell'
      const usable = entries.filter((entry) => isUsable(entry, format, note))
      return { shell, project, keys: usable.map(({ key }) => key), script: FORMATS[format](usable, OPTIONS) }
    } finally {
      for (const { value } of entries) value.wipe()
    }
  },
  human: ({ script }) => script,
  json: ({ shell, project, keys, script }) => ({ shell, project, loaded: script !== undefined, keys, script }),
})

/** The vault, or undefined when only a person could open it. */
async function unattended(context: Context, agentOnly: boolean): Promise<View | undefined> {
  try {
    return await context.vault({ ask: false, agentOnly })
  } catch (error) {
    if (error instanceof Failure && error.kind === 'locked') return undefined
    throw error
  }
}

/** One value that a shell cannot hold must not cost the others; what steers tvault itself is not loaded. */
function isUsable(entry: Entry, format: 'fish' | 'shell', note: (text: string) => void): boolean {
  if (entry.key.startsWith('TVAULT_')) {
    note(`${entry.key} was not loaded: TVAULT_ names are our own`)
    return false
  }
  let line: Secret | undefined
  try {
    line = FORMATS[format]([entry], OPTIONS)
    return true
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    note(`${entry.key} was not loaded: ${error.message}`)
    return false
  } finally {
    line?.wipe()
  }
}
