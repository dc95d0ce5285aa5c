// The table of contents: one import and one entry per command. test/house/commands.test.ts compares it with the folder.
import type { Command } from './define.ts'
import audit from './audit.ts'
import auditVerify from './audit/verify.ts'
import backup from './backup.ts'
import completion from './completion.ts'
import deleteCommand from './delete.ts'
import docs from './docs.ts'
import doctor from './doctor.ts'
import env from './env.ts'
import exportCommand from './export.ts'
import generate from './generate.ts'
import get from './get.ts'
import help from './help.ts'
import history from './history.ts'
import importCommand from './import.ts'
import init from './init.ts'
import keyRotate from './key/rotate.ts'
import list from './list.ts'
import lock from './lock.ts'
import projectsCreate from './projects/create.ts'
import projectsDelete from './projects/delete.ts'
import projectsList from './projects/list.ts'
import projectsUse from './projects/use.ts'
import restore from './restore.ts'
import rollback from './rollback.ts'
import run from './run.ts'
import search from './search.ts'
import set from './set.ts'
import status from './status.ts'
import unlock from './unlock.ts'
import version from './version.ts'

/** Every command, sorted by its words. Declarations are cheap: what a body needs is loaded when it asks for it. */
export const commands: readonly Command[] = [
  audit,
  auditVerify,
  backup,
  completion,
  deleteCommand,
  docs,
  doctor,
  env,
  exportCommand,
  generate,
  get,
  help,
  history,
  importCommand,
  init,
  keyRotate,
  list,
  lock,
  projectsCreate,
  projectsDelete,
  projectsList,
  projectsUse,
  restore,
  rollback,
  run,
  search,
  set,
  status,
  unlock,
  version,
] as unknown as readonly Command[]

/** The command with the longest run of `words` that is its path or an alias, and how many words that took. */
export function match(words: readonly string[]): { command: Command; words: number } | undefined {
  for (let count = Math.min(3, words.length); count > 0; count--) {
    const typed = words.slice(0, count).join(' ')
    const command = commands.find(({ path, aliases = [] }) => path === typed || aliases.includes(typed))
    if (command !== undefined) return { command, words: count }
  }
  return undefined
}
