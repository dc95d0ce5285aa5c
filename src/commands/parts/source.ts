// Where a command that gives secrets away takes them from: a project or an environment of a group, opened with the
// passphrase or with an identity. One answer for `get`, `env`, `run` and everything that starts programs.
import { cell } from '../../faces/table.ts'
import { Failure } from '../../lib/errors.ts'
import type { Entry, Selection, View } from '../../vault/view.ts'
import type { Context } from '../context.ts'

/** The flags of `SOURCE_FIELDS` as a body receives them. */
export interface SourceInput {
  identity?: string | undefined
  group?: string | undefined
  env?: string | undefined
}

export interface Source {
  view: View
  /** For messages: `project "web"`, `environment "staging" of group "shop"`. */
  name: string
  /** The environment that a secret comes from; undefined without a group. */
  from(entry: Entry): string | undefined
  /** Sorted bytewise by key, for the caller to wipe. `missing` lists unknown names of `only`. */
  read(selection: Selection): { entries: Entry[]; missing: string[] }
}

/** Throws a usage failure for half of a group; otherwise what `openView` throws. */
export async function openSource(
  context: Context,
  input: SourceInput,
  options: { passphraseFirst?: boolean } = {},
): Promise<Source> {
  const { group, env } = input
  if ((group === undefined) !== (env === undefined)) {
    throw new Failure('usage', '--group and --env must be used together', { hint: 'tvault env group list' })
  }
  const view = await openView(context, input.identity, options)
  if (group === undefined || env === undefined) {
    const project = context.project(view)
    return {
      view,
      name: `project "${cell(project)}"`,
      from: () => undefined,
      read: (selection) => view.readMany(project, selection),
    }
  }
  if (context.globals.project !== undefined) {
    context.note('warning: --project is not used: the group says which projects are meant')
  }
  const sources = new Map<Entry, string>()
  return {
    view,
    name: `environment "${cell(env)}" of group "${cell(group)}"`,
    from: (entry) => sources.get(entry),
    read(selection) {
      const found = view.resolve(group, env, selection)
      for (const entry of found.entries) sources.set(entry, entry.environment)
      return found
    },
  }
}

/**
 * The vault, opened with an identity when one is named or exported, else with the passphrase. With `passphraseFirst` an
 * exported one is for when nobody could tell the passphrase without being asked. Throws `failed` when nothing is shared
 * with the identity.
 */
async function openView(
  context: Context,
  identity: string | undefined,
  { passphraseFirst = false }: { passphraseFirst?: boolean },
): Promise<View> {
  if (identity === '') throw new Failure('usage', '--identity is empty', { hint: 'tvault identity list' })
  if (identity === undefined && !context.identityExported) return context.vault()
  if (identity === undefined && passphraseFirst) {
    try {
      return await context.vault({ ask: false })
    } catch (error) {
      if (!(error instanceof Failure) || error.kind !== 'locked') throw error
    }
  }
  return context.vaultAs(await context.identities({ name: identity, command: context.command }))
}
