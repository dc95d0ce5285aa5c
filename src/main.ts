// The program. It decides nothing: the first words choose the command, and the mode returns the exit code.
// `--version` alone is answered here, without the rest of the program: scripts ask it often, and it starts twice as fast.
// So is a value that an agent serves (context/quick-get.ts).
import { quickGet, quickVersion } from './context/quick-get.ts'

const tokens = Bun.argv.slice(2)
// Typed by no user: a process that `run --redact` starts, on its way to becoming the program (guard/launch.ts).
if (tokens[0] === '--launch') process.exit(await (await import('./guard/launch.ts')).launch())
// The same for a program that is confined (guard/confine.ts).
if (tokens[0] === '--confined') process.exit((await import('./guard/confine.ts')).confine())
const code = tokens[0] === 'get' ? quickGet(tokens) : undefined
if (code !== undefined) process.exit(code)
if (process.env['TVAULT_PASSPHRASE']) await (await import('./context/ahead.ts')).beginEarly(tokens)
if (tokens.length !== 1 || tokens[0] !== '--version' || !(await written(quickVersion))) {
  const { guard, main } = await import('./modes/cli/index.ts')
  guard(tokens)
  // Not `exitCode`: a terminal that was asked something keeps a read open, and the program would wait for one more key.
  process.exit(await main(tokens))
}

/** Whether standard output took `text`. The frame, whose writer is slower to load, tells why it did not. */
async function written(text: string): Promise<boolean> {
  try {
    return (await Bun.write(Bun.stdout, text)) === text.length
  } catch {
    return false
  }
}
