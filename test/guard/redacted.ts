// Runs a program as `run --redact` does; the tests start this file. Argument: JSON of command, inject, files, strict.
import { join } from 'node:path'
import { LAUNCH_WORD } from '../../src/guard/launch-block.ts'
import { supervise } from '../../src/guard/supervise.ts'
import { toFailure } from '../../src/lib/errors.ts'
import { harden } from '../../src/lib/native.ts'
import { Secret } from '../../src/lib/secret.ts'

const { command, inject = {}, files = {}, strict = false } = JSON.parse(Bun.argv[2] ?? '{}')
harden()
const secrets = (given: Record<string, string>) =>
  Object.entries(given).map(([name, value]) => ({
    name,
    value: new Secret(
      new Uint8Array(
        Buffer.from(value.startsWith('fill:') ? 'xy'.repeat(Number(value.slice(5)) / 2) : value, 'latin1'),
      ),
    ),
  }))
const launch = { command, inject: secrets(inject), files: secrets(files), clean: false }
const left = () => [...launch.inject, ...launch.files].reduce((sum, { value }) => sum + value.size, 0)
try {
  const code = await supervise(launch, {
    environment: process.env,
    release: async () => void (process.env['SAY'] && console.error(`released with ${left()} bytes`)),
    launcher: [process.execPath, join(import.meta.dir, '../../src/main.ts'), LAUNCH_WORD],
    strict,
    note: (text) => console.error(text),
  })
  process.exit(code)
} catch (error) {
  const failure = toFailure(error)
  console.error(JSON.stringify(failure), failure.cause ?? '')
  process.exit(failure.exitCode)
}
