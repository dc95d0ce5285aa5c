// Runs a program as `run --redact` does; the tests bundle and start this file. Argument: JSON of command, inject,
// files and strict; or the word of the second process.
import { launch } from '../../src/guard/launch.ts'
import { LAUNCH_WORD } from '../../src/guard/launch-block.ts'
import { supervise } from '../../src/guard/supervise.ts'
import { toFailure } from '../../src/lib/errors.ts'
import { harden } from '../../src/lib/native.ts'
import { Secret } from '../../src/lib/secret.ts'

const [argument = '{}'] = Bun.argv.slice(2)
if (argument === LAUNCH_WORD) process.exit(await launch())

const { command, inject = {}, files = {}, strict = false } = JSON.parse(argument)
harden()
const bytesOf = (value: string): Buffer =>
  Buffer.from(value.startsWith('fill:') ? 'xy'.repeat(Number(value.slice(5)) / 2) : value, 'latin1')
const secrets = (given: Record<string, string>) =>
  Object.entries(given).map(([name, value]) => ({ name, value: new Secret(new Uint8Array(bytesOf(value))) }))
const launching = { command, inject: secrets(inject), files: secrets(files), clean: false }
const left = () => [...launching.inject, ...launching.files].reduce((sum, { value }) => sum + value.size, 0)
try {
  const code = await supervise(launching, {
    environment: process.env,
    release: async () => void (process.env['SAY'] && console.error(`released with ${left()} bytes`)),
    launcher: [process.execPath, Bun.main, LAUNCH_WORD],
    strict,
    note: (text) => console.error(text),
  })
  process.exit(code)
} catch (error) {
  const failure = toFailure(error)
  console.error(JSON.stringify(failure), failure.cause ?? '')
  process.exit(failure.exitCode)
}
