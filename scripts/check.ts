// Everything that can be said about the sources without running them: types, lint, format, dead code, generated
// files. In parallel; one line per check, the full report only of those that fail. Exit code 1 when any fails.
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dir, '..')
const tool = (name: string): string => join(root, 'node_modules', '.bin', name)

interface Check {
  name: string
  command: readonly string[]
}

const CHECKS: readonly Check[] = [
  { name: 'types', command: [tool('tsc'), '-p', '.', '--pretty', 'false'] },
  { name: 'lint', command: [tool('oxlint'), '--type-aware', '--deny-warnings'] },
  { name: 'format', command: [tool('oxfmt'), '--check'] },
  { name: 'dead code', command: [tool('knip'), '--no-progress'] },
  { name: 'generated files', command: [join(root, 'scripts', 'gen.ts'), '--check'] },
]

interface Outcome {
  name: string
  ok: boolean
  seconds: number
  report: string
}

/** Runs one check with Bun, so that a machine without Node can check too. */
async function run(check: Check): Promise<Outcome> {
  const start = performance.now()
  const [script = '', ...words] = check.command
  if (!existsSync(script)) return { name: check.name, ok: false, seconds: 0, report: `${script} is missing` }
  const child = Bun.spawn([process.execPath, script, ...words], {
    env: { ...process.env, NO_COLOR: '1' },
    cwd: root,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return {
    name: check.name,
    ok: code === 0,
    seconds: (performance.now() - start) / 1000,
    report: `${out}${err}`.trim(),
  }
}

/** Runs all checks, prints a line for each, and returns how many passed and failed. */
export async function check(): Promise<{ passed: number; failed: number }> {
  const outcomes = await Promise.all(CHECKS.map(run))
  for (const { name, ok, seconds, report } of outcomes) {
    console.log(`${ok ? '✓' : '✗'} ${name} (${seconds.toFixed(1)} s)`)
    if (!ok) console.log(report.replace(/^/gm, '    '))
  }
  const failed = outcomes.filter((outcome) => !outcome.ok).length
  return { passed: outcomes.length - failed, failed }
}

if (import.meta.main) {
  const { failed } = await check()
  process.exitCode = failed === 0 ? 0 : 1
}
