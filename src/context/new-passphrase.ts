// A new passphrase for a vault: from a source of its own or typed twice, with a word about its strength. The empty
// one is always refused; a trivial one is refused from a person, and from a script only warned about, because scripts
// of the peer make throw-away vaults.
import type { Ask } from '../commands/context.ts'
import { equalConstantTime } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import type { Secret } from '../lib/secret.ts'
import { LEAST_BITS, estimateStrength } from '../lib/strength.ts'
import { fromSources, fromTerminal } from './passphrase.ts'
import type { Surroundings } from './passphrase.ts'

const TRIES = 3

/** The questions are those of the peer: programs that type at a terminal wait for these words. */
const LABELS = {
  TVAULT_PASSPHRASE: { first: 'Enter passphrase: ', again: 'Confirm passphrase: ' },
  TVAULT_NEW_PASSPHRASE: { first: 'New passphrase: ', again: 'Confirm new passphrase: ' },
} as const

type NewVariable = keyof typeof LABELS

export interface Asking {
  ask: Ask
  note: (text: string) => void
  /** Takes a trivial one. */
  force: boolean
}

/**
 * The new passphrase. Throws `locked` when there is no source and no terminal, `usage` when it is empty or stays too
 * weak or unequal after three tries.
 */
export async function newPassphrase(
  surroundings: Surroundings,
  variable: NewVariable,
  asking: Asking,
): Promise<Secret> {
  const given = await fromSources(surroundings, variable)
  if (given) return checkGiven(given.secret, given.source, asking)
  for (let attempt = 1; ; attempt++) {
    const { secret } = await fromTerminal(asking.ask, LABELS[variable].first, variable)
    const problem = await reject(secret, asking, variable)
    if (problem === undefined) return secret
    secret.wipe()
    if (attempt === TRIES) throw problem
    asking.note(`${problem.message}, try again`)
  }
}

function checkGiven(secret: Secret, source: string, { note, force }: Asking): Secret {
  const { bits } = estimateStrength(secret.reveal())
  if (bits < LEAST_BITS && !force) {
    note(`warning: the passphrase ${source} is trivial to guess (about ${bits} bits)`)
  }
  return secret
}

/** What is wrong with a typed passphrase; asks for it a second time when the first look is good. */
async function reject(secret: Secret, asking: Asking, variable: NewVariable): Promise<Failure | undefined> {
  if (secret.size === 0) return new Failure('usage', 'the passphrase is empty')
  const { bits, word } = estimateStrength(secret.reveal())
  const meter = '■'.repeat(Math.min(10, Math.round(bits / 8))).padEnd(10, '□')
  asking.note(`strength: ${meter} ${word} (about ${bits} bits)`)
  if (bits < LEAST_BITS && !asking.force) {
    return new Failure('usage', 'the passphrase is trivial to guess', {
      hint: 'four or five random words make a good one; --force takes it as it is',
    })
  }
  const { secret: again } = await fromTerminal(asking.ask, LABELS[variable].again, variable)
  const equal = equalConstantTime(secret.reveal(), again.reveal())
  again.wipe()
  return equal ? undefined : new Failure('usage', 'the two passphrases are not the same')
}
