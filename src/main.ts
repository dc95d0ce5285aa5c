// The program. It decides nothing: the first words choose the command, and the mode returns the exit code.
import { build } from './lib/build.ts'
import { out } from './lib/out.ts'
import { formOf, report } from './modes/cli/report.ts'

const tokens = Bun.argv.slice(2)

// An error that nobody caught would make the runtime print lines of the bundle, and its message could hold a value.
const giveUp = (error: unknown): never => process.exit(report(error, formOf(tokens)))
process.on('uncaughtException', giveUp)
process.on('unhandledRejection', giveUp)

// Asked by programs at every start, so it is answered before anything else is loaded.
if (tokens.length === 1 && tokens[0] === '--version') {
  out(`tvault ${build.version} (commit ${build.commit}, ${build.platform})\n`)
  process.exit(0)
}
const { main } = await import('./modes/cli/index.ts')
// Not `exitCode`: a terminal that was asked something keeps a read open, and the program would wait for one more key.
process.exit(await main(tokens))
