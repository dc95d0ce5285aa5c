// Takes the passphrases out of its environment and reports every place where one could still be seen.
import { readFileSync } from 'node:fs'
import { Taken, type TakenVariable } from '../../src/context/passphrase.ts'

const taken = await Taken.fromEnvironment(process.env)
const hex = (name: TakenVariable) => Buffer.from(taken.copy(name)?.reveal() ?? new Uint8Array(0)).toString('hex')
const child = Bun.spawnSync(['env'], { env: process.env })
console.log(
  JSON.stringify({
    taken: [hex('TVAULT_PASSPHRASE'), hex('TVAULT_NEW_PASSPHRASE'), hex('TVAULT_IDENTITY_KEY')],
    variables: JSON.stringify(process.env),
    block: readFileSync('/proc/self/environ', 'utf8'),
    child: child.stdout.toString(),
  }),
)
