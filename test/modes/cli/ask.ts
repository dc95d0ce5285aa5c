// Asks one question as a command does; the tests start this file on a terminal of their own. Arguments: the question
// and where to write what came of it, as JSON; hidden input is written in hex.
import { writeFileSync } from 'node:fs'
import { toFailure } from '../../../src/lib/errors.ts'
import { isTerminal } from '../../../src/lib/native.ts'
import { readToEnd } from '../../../src/lib/stdin.ts'
import { TerminalAsk } from '../../../src/modes/cli/prompt.ts'

const [question, result = ''] = Bun.argv.slice(2)
const ask = new TerminalAsk({ stdinIsTerminal: isTerminal(0), dumb: process.env['TERM'] === 'dumb' })

/** The settings of the terminal, also when no standard stream leads there. */
function terminalState(): string {
  return Bun.spawnSync(['sh', '-c', 'stty -g < /dev/tty']).stdout.toString()
}

async function answer(): Promise<unknown> {
  switch (question) {
    case 'hidden':
      return Buffer.from((await ask.hidden('Passphrase: ')).reveal()).toString('hex')
    case 'hidden lines':
      return Buffer.from((await ask.hidden('Passphrase: ', { lines: true })).reveal()).toString('hex')
    case 'hidden then stdin':
      return [
        Buffer.from((await ask.hidden('Passphrase: ')).reveal()).toString('hex'),
        Buffer.from(readToEnd(0, 1000).reveal()).toString(),
      ]
    case 'confirm':
      return ask.confirm('Really?')
    case 'hidden then state': {
      const before = terminalState()
      await ask.hidden('Passphrase: ')
      return terminalState() === before
    }
    case 'confirm then hidden':
      return [
        await ask.confirm('Sure?'),
        await ask.confirm('Really?'),
        Buffer.from((await ask.hidden('Passphrase: ')).reveal()).toString('hex'),
      ]
    case 'choose':
      return ask.choose(
        'Which?',
        ['one', 'two', 'three'].map((value) => ({ value, label: `the ${value}` })),
        ['two'],
      )
    default:
      return ask.possible
  }
}

try {
  writeFileSync(result, JSON.stringify({ answer: await answer() }))
} catch (error) {
  const failure = toFailure(error)
  writeFileSync(result, JSON.stringify({ kind: failure.kind, cause: String(failure.cause) }))
  process.exitCode = failure.exitCode
}
