// `npm run bench`: one table of everything that is measured, and the same rows as JSON in .bench/. With `--quick`
// fewer runs, to see that the benches work.
import { agentGet, agentLoad } from './agent.ts'
import { boxes, keyDerivation } from './crypto.ts'
import { gitFilter } from './git.ts'
import { load, save, table } from './harness.ts'
import { mcp } from './mcp.ts'
import { redaction } from './redact.ts'
import { coldGet, versionStart } from './startup.ts'

const quick = process.argv.includes('--quick')
const before = load()
const rows = [
  ...(await versionStart(quick ? 5 : 60)),
  ...coldGet(quick ? 2 : 15),
  ...(await agentGet(quick ? 3 : 60)),
  ...(await agentLoad(quick ? 1 : 10)),
  ...gitFilter(quick ? 40 : 1000),
  ...(await keyDerivation(quick ? 2 : 12)),
  ...(await boxes(quick ? 20 : 300)),
  ...(await mcp(quick ? 2 : 20)),
  ...redaction(quick ? 2 : 60),
]
console.log(table(rows))
const version = rows.find((row) => row.name === 'tvault --version')
console.log(
  `\ntvault --version starts in ${version?.ratio.toFixed(2)} times the time of an empty program (at most 1.50 wanted)`,
)
const filtered = rows.filter(({ bench, name }) => bench.startsWith('git ') && name.startsWith('Go peer'))
if (filtered.length > 0) {
  const least = Math.min(...filtered.map(({ ratio }) => ratio))
  console.log(`the git filter takes at most one ${least.toFixed(1)}th of the peer's time (at most a tenth wanted)`)
}
console.log(`${before} before, ${load()} after; ratios are against the first row of the same bench`)
console.log(`written to ${save(rows)}`)
