// Checks everything that can be checked without a key, and fails when something is wrong.
import { cell } from '../faces/table.ts'
import { agentState } from './parts/agent-state.ts'
import { bugReport, printBugReport } from './parts/bug-report.ts'
import type { Context, Inspection } from './context.ts'
import { define } from './define.ts'

export default define({
  path: 'doctor',
  about: 'Check the vault, its files and the environment',
  detail:
    'Reads only; needs no passphrase. Exit code 1 when a check failed; warnings do not count. With --bundle it prints ' +
    'what may be shown to a stranger, for a bug report: no names, no paths, no values. Nothing is sent.',
  effect: 'none',
  on: ['cli'],
  holdsKeys: false,
  input: {
    bundle: { kind: 'flag', about: 'Print a report without names and values, for a bug report' },
  },
  examples: [
    { words: 'doctor', about: 'A list of checks' },
    { words: 'doctor --json', about: 'For scripts' },
    { words: 'doctor --bundle', about: 'For a bug report' },
  ],
  async run(context, { bundle }) {
    const inspection = await context.inspect({ deep: true })
    const { state } = inspection
    const checks = [...inspection.checks]
    // Beside the state of the vault, as TinyVault has it.
    const place = checks.findIndex(({ name }) => name === 'contents')
    const more = state === 'ok' ? [await lockState(context), await currentProject(context)] : []
    checks.splice(place < 0 ? checks.length : place, 0, ...more)
    const failed = checks.filter(({ status }) => status === 'fail').length
    const report = bundle ? bugReport(context, inspection, checks) : undefined
    return { healthy: failed === 0, failed, checks, report }
  },
  human({ failed, checks, report }, style) {
    if (report) return printBugReport(report)
    const marks = { ok: style.ok(''), warn: style.warn(''), fail: style.bad(''), info: style.info('') }
    const width = Math.max(...checks.map(({ name }) => name.length))
    const lines = checks.map(({ name, status, detail }) => `${marks[status]} ${name.padEnd(width)}  ${cell(detail)}\n`)
    const out = `tvault doctor\n-------------\n${lines.join('')}`
    if (failed === 0) return `${out}\n${style.ok('All checks passed.')}\n`
    return { out, note: `${style.bad(`${failed} check(s) failed.`)}\nError: doctor: ${failed} check(s) failed` }
  },
  json: ({ report, ...rest }) => report ?? rest,
  exitCode: ({ healthy }) => (healthy ? 0 : 1),
})

async function lockState(context: Context): Promise<Inspection['checks'][number]> {
  const { running, accessible } = await agentState(context)
  const locked = running ? 'locked; an agent runs, but gives no values here' : 'locked; no process keeps the key'
  return {
    name: 'lock state',
    status: 'info',
    detail: accessible ? 'unlocked by an agent; tvault lock ends it' : locked,
  }
}

/** The project that commands are about here, and whether it exists. */
async function currentProject(context: Context): Promise<Inspection['checks'][number]> {
  const name = 'current project'
  const names = await context.names()
  const project = context.project(names)
  const exists = names.projects().some((other) => other.name === project)
  if (exists) return { name, status: 'info', detail: project }
  return { name, status: 'warn', detail: `there is no project ${project}; tvault projects list shows those that are` }
}
