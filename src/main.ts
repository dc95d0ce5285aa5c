// The program. It decides nothing: the first words choose the command, and the mode returns the exit code.
import { Failure, toFailure } from './lib/errors.ts'
import { err } from './lib/out.ts'
import { main } from './modes/cli/index.ts'

// An error that nobody caught would make the runtime print lines of the bundle, and its message could hold a value.
const giveUp = (error: unknown): void => {
  const { message, exitCode } = error instanceof Failure ? error : toFailure(error)
  err(`Error: ${message}\n`)
  process.exit(exitCode)
}
process.on('uncaughtException', giveUp)
process.on('unhandledRejection', giveUp)

// Not `exitCode`: a terminal that was asked something keeps a read open, and the program would wait for one more key.
process.exit(await main(Bun.argv.slice(2)))
