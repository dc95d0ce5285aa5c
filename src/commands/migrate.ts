// Moves a vault of the Go TinyVault over. All of it is read before anything is asked, what cannot come over as it was
// is told by name, and the old file stays.
import { dirname, resolve } from 'node:path'
import { YES_FIELD } from '../faces/fields.ts'
import { Failure } from '../lib/errors.ts'
import { escaped, printable } from '../lib/names.ts'
import type { Context, Migration, Moved, Style } from './context.ts'
import { define } from './define.ts'

/** With more keys than this only their number is shown, unless --verbose. */
const LONGEST_LIST = 50

interface Report extends Moved {
  from: string
  directory: string
  inPlace: boolean
  verified: Migration['verified']
  dryRun: boolean
  verbose: boolean
  salvage: boolean
}

type Plan = Moved['plan']

export default define({
  path: 'migrate',
  about: 'Move a vault of the Go TinyVault over',
  detail:
    'Takes projects, values with all versions and times, groups, recipients and the audit log. The Go file is read only: ' +
    'it stays where it is, or keeps the name vault.db.go-TIME beside a new vault that takes its place. Passphrase and ' +
    'salt stay the same, so .env.encrypted files stay readable.',
  effect: 'admin',
  on: ['cli'],
  holdsKeys: true,
  input: {
    path: {
      kind: 'text',
      at: 0,
      placeholder: 'from',
      complete: 'file',
      about: 'The vault.db of the Go TinyVault, or its directory (default: the vault directory)',
    },
    from: { kind: 'text', complete: 'file', placeholder: 'path', about: 'The same as a flag' },
    to: {
      kind: 'text',
      complete: 'directory',
      placeholder: 'dir',
      about: 'Directory of the new vault (default: the vault directory)',
    },
    'include-deleted': { kind: 'flag', about: 'Also deleted projects, which the Go vault only hides' },
    salvage: { kind: 'flag', about: 'Leave out what is damaged, and list it' },
    'dry-run': { kind: 'flag', about: 'Read all of it and show what would be moved' },
    yes: YES_FIELD,
  },
  examples: [
    { words: 'migrate --dry-run', about: 'What is in the Go vault of the vault directory' },
    { words: 'migrate', about: 'Asks, then puts the new vault in its place' },
    { words: 'migrate ~/old/vault.db --to ~/.tvault-new', about: 'From a copy, into another directory' },
  ],
  async run(context, input): Promise<Report> {
    const { salvage, 'dry-run': dryRun, 'include-deleted': includeDeleted } = input
    const { from, to } = places(context, input)
    const found = await context.migrate({ from, to, includeDeleted, salvage, dryRun })
    const { inPlace, verified } = found
    const { verbose } = context.globals
    const report = { from: found.from, directory: to, inPlace, verified, dryRun, verbose, salvage }
    const { plan } = found
    if (dryRun) return { ...report, plan, kept: undefined, identities: [], identitiesLeft: [], agent: false }
    if (!input.yes) await approve(context, found, to)
    return { ...report, ...(await found.carryOut()), verified: found.verified }
  },
  human: (report, style) => ({
    out: report.dryRun ? preview(report, style) : done(report, style),
    note: remarks(report, style).join('\n'),
  }),
  json: ({ from, directory, inPlace, verified, dryRun, plan, kept, identities, identitiesLeft }) => ({
    from,
    vault_dir: directory,
    in_place: inPlace,
    dry_run: dryRun,
    verified,
    vault_id: plan.vaultId,
    projects: plan.projects.map(({ name, secrets, versions, recipients, wasDeleted, id }) => ({
      name,
      secrets,
      versions,
      keys: keysOf(plan, id),
      recipients: recipients.map(({ recipient }) => recipient.text),
      was_deleted: wasDeleted,
    })),
    ...totals(plan),
    groups: plan.groups.map(({ name }) => name),
    current_project: plan.current ?? null,
    renamed: plan.renamed,
    left: plan.left,
    damaged: plan.damaged,
    damages: plan.damages,
    ...(kept !== undefined && { kept }),
    identities,
    identities_left: identitiesLeft,
    changed: !dryRun,
  }),
  exitCode: ({ plan, salvage }) => (plan.damages > 0 && !salvage ? new Failure('corrupt', '').exitCode : 0),
})

function places(
  context: Context,
  { path, from, to }: { path?: string | undefined; from?: string | undefined; to?: string | undefined },
): { from: string; to: string } {
  if (path !== undefined && from !== undefined) {
    throw new Failure('usage', 'the vault to move is named twice', { hint: 'leave --from out' })
  }
  if (path === '' || from === '' || to === '') throw new Failure('usage', 'a path is empty')
  const { directory } = context.globals
  return { from: resolve(path ?? from ?? directory), to: resolve(to ?? directory) }
}

/** Shows what is going to happen and asks. Throws `cancelled` for a no. */
async function approve(context: Context, { plan, from, inPlace }: Migration, to: string): Promise<void> {
  context.note(summary(plan))
  for (const line of sharing(plan)) context.note(line)
  for (const line of leftovers(plan, context.style)) context.note(line)
  const where = inPlace
    ? `The old file stays as ${printable(from)}.go-TIME.`
    : `The new vault is made in ${printable(to)}.`
  context.note(where)
  if (await context.ask.confirm('Move this vault over?')) return
  throw new Failure('cancelled', 'nothing was moved', { hint: '-y moves it without asking' })
}

interface Totals {
  secrets: number
  versions: number
  recipients: number
  audit_rows: number
}

function totals({ projects, auditRows }: Plan): Totals {
  const sum = (pick: (project: Plan['projects'][number]) => number): number =>
    projects.reduce((total, project) => total + pick(project), 0)
  return {
    secrets: sum(({ secrets }) => secrets),
    versions: sum(({ versions }) => versions),
    recipients: sum(({ recipients }) => recipients.length),
    audit_rows: auditRows,
  }
}

function summary(plan: Plan): string {
  const { secrets, versions, recipients, audit_rows: rows } = totals(plan)
  const counted = `${plan.projects.length} project(s), ${secrets} secret(s) with ${versions} version(s)`
  return `${counted}, ${plan.groups.length} group(s), ${recipients} recipient(s), ${rows} audit row(s)`
}

/** Whom each project will be shared with: the list is not authenticated in the Go vault, so a person looks at it. */
function sharing({ projects }: Plan): string[] {
  return projects.flatMap(({ name, recipients }) =>
    recipients.map(({ recipient, fingerprint }) => {
      return `  ${escaped(name)} is shared with ${recipient.text} (fingerprint ${fingerprint})`
    }),
  )
}

function keysOf({ heads, keys }: Plan, project: string): string[] {
  const names = [...heads.keys()].filter((name) => name.startsWith(`${project}/`))
  return names.map((name) => keys.get(name) ?? name.slice(project.length + 1)).toSorted()
}

function preview({ plan, from, verbose, verified }: Report, style: Style): string {
  const listsKeys = verbose || totals(plan).secrets <= LONGEST_LIST
  const lines = plan.projects.flatMap(({ id, name, secrets, versions }) => [
    style.bold(`${escaped(name)}: ${secrets} secret(s) with ${versions} version(s)`),
    ...(listsKeys ? keysOf(plan, id).map((key) => `  ${escaped(key)}`) : []),
  ])
  const opened = verified === 'values' ? 'every value was opened' : 'no passphrase, so no value was opened'
  const about = [...sharing(plan), ...plan.groups.map(({ name }) => `  group ${escaped(name)}`)]
  const end = style.info(`${escaped(from)} holds ${summary(plan)} (${opened})`)
  return `${[...lines, ...about, end].join('\n')}\n`
}

function done({ plan, directory }: Report, style: Style): string {
  return `${style.ok(`Moved to ${escaped(directory)}: ${summary(plan)}`)}\n`
}

function leftovers({ renamed, left, damaged: broken, damages }: Plan, style: Style): string[] {
  return [
    ...renamed.map(({ what, from, to }) => style.warn(`${what} ${from} becomes ${to}`)),
    ...left.map(({ what, name, why }) => style.warn(`${what} ${name}: ${why}`)),
    ...broken.map((what) => style.bad(what)),
    ...(damages > broken.length ? [style.bad(`… and ${damages - broken.length} more`)] : []),
  ]
}

function remarks(report: Report, style: Style): string[] {
  const { plan, dryRun, kept, from, identities, identitiesLeft, agent } = report
  const lines = leftovers(plan, style)
  if (dryRun) return lines
  if (kept !== undefined) {
    lines.push(
      `The Go vault is kept: ${escaped(kept)}`,
      'It opens with the old passphrase for ever, and holds what was deleted too; remove it when you need it no more.',
    )
  } else {
    lines.push(`The Go vault is as it was: ${escaped(from)}`)
    if (identities.length > 0) lines.push(`Copied identities: ${identities.join(', ')}`)
    lines.push(...identitiesLeft.map((what) => style.warn(`identity ${what}`)))
    lines.push(`Not copied: other files in ${escaped(dirname(from))}, such as config.yaml`)
  }
  if (agent)
    lines.push(style.warn('An agent of the Go TinyVault seems to run; it does not know the new vault, so stop it'))
  return lines
}
