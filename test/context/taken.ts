// Takes the passphrases out of its environment and reports every place where one could still be seen.
import { readFileSync } from 'node:fs'
import { Taken } from '../../src/context/passphrase.ts'

const taken = await Taken.fromEnvironment(process.env)
const hex = (name: 'TVAULT_PASSPHRASE' | 'TVAULT_NEW_PASSPHRASE') =>
  Buffer.from(taken.copy(name)?.reveal() ?? new Uint8Array(0)).toString('hex')
const child = Bun.spawnSync(['env'], { env: process.env })
console.log(
  JSON.stringify({
    taken: [hex('TVAULT_PASSPHRASE'), hex('TVAULT_NEW_PASSPHRASE')],
    variables: JSON.stringify(process.env),
    block: readFileSync('/proc/self/environ', 'utf8'),
    child: child.stdout.toString(),
  }),
)
