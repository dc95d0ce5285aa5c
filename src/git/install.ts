// Switching the filters of one repository on and off, and bringing work tree and index in line with who can read what.
import { RECIPIENTS_FILE } from '../formats/recipients-file.ts'
import { readAttributes, trackedPatterns } from './attributes.ts'
import { findOpener } from './filter.ts'
import type { Surroundings } from './filter.ts'
import { installGuard, removeGuard } from './hook.ts'
import type { Guard } from './hook.ts'
import { Objects } from './objects.ts'
import { RecipientList, addRecipients } from './recipients.ts'
import { DRIVER, Repository } from './repository.ts'
import { reseal } from './reseal.ts'
import { openFiles, sealFiles } from './worktree.ts'
import type { Changed } from './worktree.ts'

/**
 * What git is told, in the configuration of this clone alone. The words are those of TinyVault 0.23; `process` makes git
 * start one process for all files. `--` because a path may begin with a dash. Plaintext must not be kept as a note of
 * git, which is what a cache of textconv is.
 */
const CONFIGURATION: readonly (readonly [name: string, value: string])[] = [
  [`filter.${DRIVER}.clean`, 'tvault git-clean -- %f'],
  [`filter.${DRIVER}.smudge`, 'tvault git-smudge -- %f'],
  [`filter.${DRIVER}.process`, 'tvault git-filter process'],
  [`filter.${DRIVER}.required`, 'true'],
  [`diff.${DRIVER}.textconv`, 'tvault git-filter textconv --'],
  [`diff.${DRIVER}.cachetextconv`, 'false'],
  [`merge.${DRIVER}.name`, 'merge encrypted dotenv files by key'],
  [`merge.${DRIVER}.driver`, 'tvault git-filter merge -- %O %A %B %P'],
]

const NOTHING: Changed = { done: [], entries: [], left: [] }

export interface Brought {
  opened: Changed
  /** Paths whose blob in the index was sealed anew, because the recipients had changed. */
  resealed: string[]
  /** Whether there is an identity at all. */
  hasIdentity: boolean
}

export interface Installed extends Brought {
  top: string
  recipientsFile: string
  added: string[]
  recipients: number
  /** Patterns that are tracked. */
  patterns: number
  guard: Guard
}

/** Whether the filter is switched on here, by us or by TinyVault 0.23. */
export function isInstalled(repository: Repository): boolean {
  return ['clean', 'process'].some((word) => repository.config(`filter.${DRIVER}.${word}`) !== undefined)
}

/** Switches on, adds `recipients` (their texts) to the list, and opens what is sealed in the work tree. Safe to repeat. */
export async function install(around: Surroundings, recipients: readonly string[]): Promise<Installed> {
  const repository = Repository.at(around.cwd, around.environment)
  // First, so that a wrong recipient changes nothing.
  const added = addRecipients(repository, recipients).map(({ text }) => text)
  for (const [name, value] of CONFIGURATION) repository.run(['config', '--local', name, value])
  const guard = installGuard(repository)
  return {
    top: repository.top,
    recipientsFile: repository.file(RECIPIENTS_FILE),
    added,
    recipients: new RecipientList(repository).present().length,
    patterns: trackedPatterns(readAttributes(repository)).length,
    guard,
    ...(await bringInLine(around, repository)),
  }
}

/** Opens what is still sealed in the work tree, and seals again what the index has for other recipients. */
export async function refresh(around: Surroundings): Promise<Brought> {
  return bringInLine(around, Repository.at(around.cwd, around.environment))
}

async function bringInLine(around: Surroundings, repository: Repository): Promise<Brought> {
  const opener = await findOpener(around)
  if (opener === undefined) return { opened: NOTHING, resealed: [], hasIdentity: false }
  const objects = new Objects(repository)
  try {
    const opened = await openFiles(repository, objects, opener)
    const resealed = await reseal(repository, objects, new RecipientList(repository).present(), opener)
    refreshIndex(repository, opened, OUR_FILTER)
    return { opened, resealed, hasIdentity: true }
  } finally {
    await objects.close()
  }
}

/** Switches off. Files that are plaintext only because of the filter are sealed again, unless `keep` is set. */
export async function uninstall(
  around: Surroundings,
  { keep }: { keep: boolean },
): Promise<{ top: string; wasInstalled: boolean; sealed: Changed; guard: Guard }> {
  const repository = Repository.at(around.cwd, around.environment)
  const wasInstalled = isInstalled(repository)
  const objects = new Objects(repository)
  try {
    const opener = keep || !wasInstalled ? undefined : await findOpener(around)
    const sealed = keep || !wasInstalled ? NOTHING : await sealFiles(repository, objects, opener)
    for (const section of ['filter', 'diff', 'merge']) {
      const { code } = repository.run(['config', '--local', '--get-regexp', `^${section}\\.${DRIVER}\\.`], {
        answers: [0, 1],
      })
      if (code === 0) repository.run(['config', '--local', '--remove-section', `${section}.${DRIVER}`])
    }
    const guard = removeGuard(repository)
    refreshIndex(repository, sealed, [])
    return { top: repository.top, wasInstalled, sealed, guard }
  } finally {
    await objects.close()
  }
}

/** The filter that we would have configured, whatever the configuration says: it may have come with the folder. */
const OUR_FILTER = CONFIGURATION.filter(([name]) => name.startsWith('filter.')).flatMap(([name, value]) => [
  '-c',
  `${name}=${value}`,
])

/**
 * Tells git that the files of `changed` are what the index has. It asks the filter, with `configuration`; where that
 * fails, because the identity is not in a file, git asks again the next time.
 */
function refreshIndex(repository: Repository, changed: Changed, configuration: readonly string[]): void {
  if (changed.entries.length === 0) return
  const words = ['--literal-pathspecs', 'add', '--refresh', '--pathspec-from-file=-', '--pathspec-file-nul']
  const input = Buffer.concat(changed.entries.flatMap(({ raw }) => [raw, Buffer.of(0)]))
  repository.run([...configuration, ...words], { input, answers: [0, 1, 128] })
}
