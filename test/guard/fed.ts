// Runs a program as `ssh` does; the test starts this file. Argument: JSON of command, feed and onTerminal.
import { runFed } from '../../src/guard/feed.ts'
import { toFailure } from '../../src/lib/errors.ts'
import { harden } from '../../src/lib/native.ts'
import { Secret } from '../../src/lib/secret.ts'

const { command, feed, onTerminal } = JSON.parse(Bun.argv[2] ?? '{}')
harden()
const secret = Secret.fromText(feed.startsWith('fill:') ? 'x'.repeat(Number(feed.slice(5))) : feed)
const release = async () => console.error('released')
try {
  const code = await runFed({ command, feed: secret }, { environment: process.env, release, onTerminal })
  console.error(`left ${secret.size}`)
  process.exit(code)
} catch (error) {
  console.error(JSON.stringify(toFailure(error)))
  process.exit(toFailure(error).exitCode)
}
