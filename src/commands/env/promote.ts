// Copies secrets from one environment to another: only what differs, after a look at the plan.
import { YES_FIELD } from '../../faces/fields.ts'
import { cell, table } from '../../faces/table.ts'
import { Failure } from '../../lib/errors.ts'
import { checkKey } from '../../lib/names.ts'
import type { Promotion } from '../../vault/view.ts'
import type { Context } from '../context.ts'
import { define } from '../define.ts'
import { GROUP_FIELD } from '../parts/groups.ts'

const NOT_FOUND = 4

export default define({
  path: 'env promote',
  about: 'Copy secrets from one environment of a group to another',
  detail:
    'Shows the plan and asks. Keys whose values are the same already are left alone, and everything else is copied in ' +
    'one step. Only keys that --from has itself are meant, not those it inherits. Ends with 4 when a named key is not there.',
  effect: 'write',
  on: ['cli', 'mcp'],
  holdsKeys: true,
  input: {
    keys: { kind: 'list', at: 0, complete: 'key', placeholder: 'key', about: 'Which keys; or --all' },
    group: GROUP_FIELD,
    from: { kind: 'text', required: true, placeholder: 'environment', about: 'The environment to copy from' },
    to: { kind: 'text', required: true, placeholder: 'environment', about: 'The environment to copy to' },
    all: { kind: 'flag', about: 'Every key that differs' },
    'dry-run': { kind: 'flag', about: 'Show what would be done, and do nothing' },
    yes: YES_FIELD,
  },
  examples: [
    { words: 'env promote API_URL --group shop --from staging --to production', about: 'Asks, then copies one key' },
    { words: 'env promote --all --group shop --from staging --to production --dry-run', about: 'Only the plan' },
  ],
  async run(context, { keys, group, from, to, all, yes, 'dry-run': dryRun }) {
    if (all === (keys !== undefined)) {
      throw new Failure('usage', all ? '--all and keys exclude each other' : 'no keys specified', {
        hint: 'name keys, or take --all for every key that differs',
      })
    }
    for (const key of keys ?? []) checkKey(key)
    const view = await context.vault()
    const plan = view.promotionPlan(group, from, to, keys)
    const differing = plan.filter(({ change }) => change === 'new' || change === 'changed')
    if (!dryRun && !yes && differing.length > 0) await approve(context, plan, from, to)
    const written = dryRun ? [] : view.promote(group, from, to, plan)
    return { group, from, to, plan, dryRun, written: written.length }
  },
  human({ from, to, plan, dryRun, written }, style) {
    const missing = plan.filter(({ change }) => change === 'missing').map(({ key }) => key)
    const skipped = missing.map((key) => `  ${key}: not found in ${cell(from)}\n`).join('')
    const done = `Promoted ${written} key(s) from ${cell(from)} to ${cell(to)}`
    const end = dryRun ? '' : `${written > 0 ? style.ok(done) : style.info(`Nothing to promote from ${cell(from)}`)}\n`
    return {
      out: planTable(plan) + end,
      note:
        `${dryRun ? 'Dry run — no changes written\n' : ''}${skipped && `Skipped:\n${skipped}`}`.trimEnd() || undefined,
    }
  },
  json: ({ from, plan, dryRun }) => ({
    promoted: plan
      .filter(({ change }) => change === 'new' || change === 'changed')
      .map(({ key, fromVersion, toVersion }) => ({ key, from_version: fromVersion, to_version: toVersion + 1 })),
    unchanged: plan.filter(({ change }) => change === 'same').map(({ key }) => key),
    skipped: plan
      .filter(({ change }) => change === 'missing')
      .map(({ key }) => ({ key, reason: `not found in ${from}` })),
    dry_run: dryRun,
  }),
  exitCode: ({ plan }) => (plan.some(({ change }) => change === 'missing') ? NOT_FOUND : 0),
})

async function approve(context: Context, plan: readonly Promotion[], from: string, to: string): Promise<void> {
  context.note(planTable(plan).trimEnd())
  if (await context.ask.confirm(`Promote from ${cell(from)} to ${cell(to)}?`)) return
  throw new Failure('cancelled', 'canceled, nothing was promoted', { hint: '--yes promotes without asking' })
}

function planTable(plan: readonly Promotion[]): string {
  const rows = plan
    .filter(({ change }) => change !== 'missing')
    .map(({ key, change, fromVersion, toVersion }) => [
      key,
      `${fromVersion}`,
      change === 'same' ? `${toVersion}` : `${toVersion + 1}`,
      change,
    ])
  return rows.length === 0 ? '' : table(['KEY', 'FROM_VER', 'TO_VER', 'CHANGE'], rows)
}
