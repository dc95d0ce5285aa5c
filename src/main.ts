// The program. It decides nothing: the first words choose the command, and the mode returns the exit code.
import { main } from './modes/cli/index.ts'
import { formOf, report } from './modes/cli/report.ts'

const tokens = Bun.argv.slice(2)

// An error that nobody caught would make the runtime print lines of the bundle, and its message could hold a value.
const giveUp = (error: unknown): never => process.exit(report(error, formOf(tokens)))
process.on('uncaughtException', giveUp)
process.on('unhandledRejection', giveUp)

// Not `exitCode`: a terminal that was asked something keeps a read open, and the program would wait for one more key.
process.exit(await main(tokens))
