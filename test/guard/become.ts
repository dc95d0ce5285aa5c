// Becomes a program as `run` does; the test starts this file. Argument: JSON of command, inject and clean.
import { become } from '../../src/guard/spawn.ts'
import { toFailure } from '../../src/lib/errors.ts'
import { harden } from '../../src/lib/native.ts'
import { Secret } from '../../src/lib/secret.ts'

const { command, inject, clean } = JSON.parse(Bun.argv[2] ?? '{}')
harden()
const values = Object.entries<string>(inject).map(([name, value]) => ({
  name,
  value: new Secret(Buffer.from(value.startsWith('fill:') ? 'x'.repeat(Number(value.slice(5))) : value, 'latin1')),
}))
const release = async () =>
  console.error(`released with ${values.reduce((sum, { value }) => sum + value.size, 0)} bytes`)
try {
  await become({ command, clean, inject: values }, { environment: process.env, release })
} catch (error) {
  const failure = toFailure(error)
  console.error(JSON.stringify(failure))
  process.exitCode = failure.exitCode
}
