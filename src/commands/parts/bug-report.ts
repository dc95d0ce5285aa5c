// What may be sent to a stranger who is to find a fault: which program on what kind of machine, and how each check
// ended. Of a check's words only those pass that are ours: a detail is cut to the part that fits its pattern, and a
// check without a pattern says only how it ended. So no name, path, value or time of the user is in it.
import { availableParallelism, release as kernel, totalmem } from 'node:os'
import { release } from '../../lib/release.ts'
import type { Context, Inspection } from '../context.ts'

type Check = Inspection['checks'][number]

export interface BugReport {
  version: string
  commit: string
  platform: string
  runtime: string
  /** Numbers of the kernel version only: the rest may name a machine. */
  kernel: string
  processors: number
  memory_gib: number
  vault: Inspection['state']
  /** Settings that are there, by our own names. */
  settings: string[]
  checks: { name: string; status: Check['status']; detail?: string }[]
}

/** The beginning of a detail that is ours, by the name of its check. */
const OURS: Readonly<Record<string, RegExp>> = {
  'dir perms': /^0[0-7]{3}/,
  contents: /^\d+ project\(s\), \d+ secret\(s\)/,
  integrity: /^every page and every row is in order$/,
  'key derivation': /^Argon2id, [\d.]+ MiB, \d+ passes, \d+ lanes$/,
  'lock state': /^(?:locked|unlocked)/,
  'file system': /^(?:NFS|CIFS|SMB2|FUSE|9P|the disk is full|cannot be written)/,
  config: /^no configuration file$/,
  'unlock source':
    /^(?:TVAULT_PASSPHRASE(?:_FILE|_COMMAND)?|agent\.\w+|the shared secrets file|the terminal|none|unknown)/,
  'mcp policy': /^no policy file$/,
  TVAULT_DIR: /^not set$/,
  TVAULT_PASSPHRASE: /^(?:not set|set)/,
  runtime: /^no variable changes how this program runs$/,
  terminal: /^(?:can answer questions|none)$/,
}

/** The report on what `inspect` found. */
export function bugReport(context: Context, { state }: Inspection, checks: readonly Check[]): BugReport {
  const { version, commit, platform } = context.build
  return {
    version,
    commit,
    platform: release.platform || platform,
    runtime: `bun ${Bun.version}`,
    kernel: /^[\d.]+/.exec(kernel())?.[0] ?? 'unknown',
    processors: availableParallelism(),
    memory_gib: Math.round(totalmem() / 2 ** 30),
    vault: state,
    settings: context.settings
      .filter(({ name, kind }) => kind === 'variable' && name.startsWith('TVAULT_') && process.env[name] !== undefined)
      .map(({ name }) => name),
    checks: checks.map(({ name, status, detail }) => {
      const ours = OURS[name]?.exec(detail)?.[0]
      return { name, status, ...(ours !== undefined && { detail: ours }) }
    }),
  }
}

/** For people, to be pasted. */
export function printBugReport(report: BugReport): string {
  const { checks, settings, ...rest } = report
  const head = Object.entries({ ...rest, settings: settings.join(' ') || 'none' })
  const lines = head.map(([name, value]) => `${name.padEnd(18)} ${value}\n`)
  const found = checks.map(({ name, status, detail }) =>
    `${status.padEnd(5)} ${name.padEnd(18)} ${detail ?? ''}`.trimEnd(),
  )
  return `tvault doctor --bundle\n${lines.join('')}\n${found.join('\n')}\n`
}
