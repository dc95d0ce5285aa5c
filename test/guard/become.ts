// Becomes a program as `run` does; the test starts this file. Argument: JSON of command, inject, files and clean.
import { become } from '../../src/guard/spawn.ts'
import { toFailure } from '../../src/lib/errors.ts'
import { harden } from '../../src/lib/native.ts'
import { Secret } from '../../src/lib/secret.ts'

const { command, inject, files = {}, clean } = JSON.parse(Bun.argv[2] ?? '{}')
harden()
const secrets = (from: Record<string, string>) =>
  Object.entries(from).map(([name, value]) => ({
    name,
    value: new Secret(Buffer.from(value.startsWith('fill:') ? 'x'.repeat(Number(value.slice(5))) : value, 'latin1')),
  }))
const values = secrets(inject)
const given = secrets(files)
const release = async () =>
  console.error(`released with ${[...values, ...given].reduce((sum, { value }) => sum + value.size, 0)} bytes`)
try {
  await become({ command, clean, inject: values, files: given }, { environment: process.env, release })
} catch (error) {
  const failure = toFailure(error)
  console.error(JSON.stringify(failure))
  process.exitCode = failure.exitCode
}
