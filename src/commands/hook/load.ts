// What a shell with `tvault hook SHELL --auto` evaluates when its directory changed: lines that unload what was loaded and
// load what is allowed here. It never asks and never fails a prompt: what cannot be loaded is one notice.
import { cell } from '../../faces/table.ts'
import { Failure } from '../../lib/errors.ts'
import { AUTO_SHELLS, autoLines } from '../../formats/auto-lines.ts'
import type { Context } from '../context.ts'
import { define } from '../define.ts'

export default define({
  path: 'hook load',
  about: 'Print what a shell evaluates after a change of directory',
  effect: 'reveal',
  on: ['cli'],
  holdsKeys: true,
  hidden: true,
  input: {
    shell: { kind: 'choice', at: 0, required: true, choices: AUTO_SHELLS, about: 'Which shell' },
    loaded: { kind: 'text', about: 'What is loaded now' },
  },
  examples: [{ words: 'hook load bash', about: 'Called by the hook, not by people' }],
  async run(context, { shell, loaded = '' }) {
    const note = (text: string): void => context.note(`tvault: ${text}`)
    const found = await quietly(() => wishHere(context), note)
    const id = found?.id ?? ''
    if (id === loaded) return { script: undefined }
    if (!found) return { script: autoLines(shell, '', []) }
    if (!found.wasAllowed) {
      note(`${cell(found.path)} is not allowed; look at it, then: tvault hook allow`)
      return { script: autoLines(shell, id, []) }
    }
    const { project, only, prefix } = found.wish
    const view = await quietly(() => context.vault({ ask: false, agentOnly: true }), note)
    if (!view) return { script: autoLines(shell, '', []) }
    const read = await quietly(
      async () => view.readMany(project, { ...(only && { only }), ...(prefix && { prefix }) }),
      note,
    )
    try {
      const entries = read?.entries.filter(({ key }) => !key.startsWith('TVAULT_')) ?? []
      const script = autoLines(shell, id, entries)
      if (read) note(`${entries.length} secret(s) of ${cell(project)} loaded`)
      return { script }
    } finally {
      for (const { value } of read?.entries ?? []) value.wipe()
    }
  },
  human: ({ script }) => script,
  json: ({ script }) => ({ script }),
})

/** Most directories want nothing, which is no news. */
async function wishHere(context: Context): Promise<Awaited<ReturnType<Context['directoryWish']>> | undefined> {
  try {
    return await context.directoryWish('.', 'look')
  } catch (error) {
    if (error instanceof Failure && error.kind === 'not_found') return undefined
    throw error
  }
}

/** What `act` gives, or undefined after a notice when it fails. */
async function quietly<T>(act: () => Promise<T>, note: (text: string) => void): Promise<T | undefined> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    note(error.kind === 'locked' ? 'locked, so nothing was loaded; tvault unlock, then: cd .' : error.message)
    return undefined
  }
}
