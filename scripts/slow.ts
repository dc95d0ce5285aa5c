// `npm run test:slow`: kills, full disks, crowds and damaged files, on the compiled program. Takes minutes; bounded,
// and repeatable by SEED. Says loudly when a tool is missing, because then something was not proved.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dir, '..', 'test', 'slow')
const wanted = process.argv.slice(2)
const suites = readdirSync(folder).filter(
  (name) => name.endsWith('.slow.ts') && (wanted.length === 0 || wanted.some((word) => name.startsWith(word))),
)
let failed = 0
if (!Bun.which('strace')) console.log('\n!!! strace is not installed: kills at sync points are NOT tested\n')
for (const name of suites) {
  console.log(`── ${name}`)
  const child = Bun.spawn([process.execPath, 'test', '--timeout=900000', join(folder, name)], {
    stdin: 'ignore',
    stdout: 'inherit',
    stderr: 'inherit',
  })
  if ((await child.exited) !== 0) failed += 1
}
console.log(`${suites.length - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 && suites.length > 0 ? 0 : 1
