// `npm run bench`: one table of everything that is measured, and the same rows as JSON in .bench/. Behind `--`:
//   --quick          fewer runs and smaller vaults, to see that the benches work
//   --compare FILE   against the JSON of an earlier run; ends with 1 when something of ours is over 20 % slower
//   WORD …           only the benches with one of these in their name or group
import { readFileSync } from 'node:fs'
import { agentGet, agentLoad } from './agent.ts'
import { bulk, growth } from './bulk.ts'
import { changes, tooSlow } from './compare.ts'
import { crowd, readersBesideImport } from './crowd.ts'
import { boxes, keyDerivation, threads } from './crypto.ts'
import { gitFilter } from './git.ts'
import { load, save, table } from './harness.ts'
import type { Row } from './harness.ts'
import { execToKey, typed } from './key.ts'
import { mcp } from './mcp.ts'
import { redaction } from './redact.ts'
import { instructions, sizes } from './sizes.ts'
import { coldGet, versionStart } from './startup.ts'
import { store } from './store.ts'

type Bench = (quick: boolean) => Row[] | Promise<Row[]>

/** Group and name of each; both can be asked for. */
const BENCHES: Readonly<Record<string, Bench>> = {
  'crypto kdf': (quick) => keyDerivation(quick ? 2 : 12),
  'crypto threads': (quick) => threads(quick ? 2 : 12),
  'crypto boxes': (quick) => boxes(quick ? 20 : 300),
  'crypto exec-to-key': (quick) => execToKey(quick ? 2 : 15),
  store: (quick) => store(quick ? 2 : 15),
  'cold version': (quick) => versionStart(quick ? 5 : 60),
  'cold get': (quick) => coldGet(quick ? 2 : 15),
  'cold typed': (quick) => typed(quick ? 1 : 7),
  'cold instructions': () => instructions(),
  'agent get': (quick) => agentGet(quick ? 3 : 60),
  'agent load': (quick) => agentLoad(quick ? 1 : 10),
  // The peer derives a key for every file, so a thousand would take it half an hour (bun bench/git.ts 1000).
  git: (quick) => gitFilter(quick ? 40 : 150),
  mcp: (quick) => mcp(quick ? 2 : 20),
  redaction: (quick) => redaction(quick ? 2 : 60),
  bulk: (quick) => bulk(quick ? 1000 : 10_000, quick ? 2 : 10),
  growth: (quick) => growth(quick ? [1000, 10_000] : [1000, 10_000, 100_000], quick ? 2 : 12),
  'crowd 48': () => crowd(),
  'crowd readers': (quick) => readersBesideImport(quick ? 20_000 : 100_000, quick ? 3 : 10),
  sizes: () => sizes(),
}

const words = process.argv.slice(2)
const at = words.indexOf('--compare')
const file = at < 0 ? undefined : words.splice(at, 2)[1]
const quick = words.includes('--quick')
const wanted = words.filter((word) => !word.startsWith('--'))
const chosen = Object.entries(BENCHES).filter(
  ([name]) => wanted.length === 0 || wanted.some((word) => name.includes(word)),
)
if (chosen.length === 0 || (at >= 0 && file === undefined)) {
  console.error(`there are: ${Object.keys(BENCHES).join(', ')}; --compare takes a file`)
  process.exit(2)
}

const before = load()
const rows: Row[] = []
for (const [name, bench] of chosen) {
  console.error(`${name} …`)
  rows.push(...(await bench(quick)))
}
console.log(table(rows))
console.log(`${before} before, ${load()} after; ratios are against the first row of the same bench`)
console.log(`written to ${save(rows)}`)

if (file !== undefined) {
  const { rows: earlier } = JSON.parse(readFileSync(file, 'utf8')) as { rows: Row[] }
  const all = changes(earlier, rows)
  const slower = tooSlow(all)
  for (const { bench, name, factor } of slower) console.log(`slower: ${bench}, ${name}: ${factor.toFixed(2)} times`)
  console.log(`${all.length} rows compared, ${slower.length} more than a fifth slower`)
  if (slower.length > 0) process.exitCode = 1
}
