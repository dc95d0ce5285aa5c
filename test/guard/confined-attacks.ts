// The table of what a hostile program tries when it runs confined; each line is reported by its number. It is run twice
// by confined-stage.ts: free, to see that the attack works on this machine, and confined.
import { chmodSync, statSync, utimesSync } from 'node:fs'
import { act, attempted, done, reads, toSome } from './confined-attack.ts'
import type { Attack, Target } from './confined-attack.ts'
import { FILES } from './confined-attacks-files.ts'
import { KERNEL, NETWORK } from './confined-attacks-kernel.ts'
import { PROCESSES } from './confined-attacks-processes.ts'
import { call } from './raw-calls.ts'

/** What is not caught, and said so in topic threat-model. When the kernel learns it, this fails. */
const OPEN: Attack[] = [
  { about: 'ask for size and times of a hidden file', by: 'nothing', run: ({ vaultFile }) => void statSync(vaultFile) },
  {
    about: 'change the mode of a hidden file',
    by: 'nothing',
    run: ({ vaultFile }) => act(() => chmodSync(vaultFile, 0o600)),
  },
  {
    about: 'change the times of a hidden file',
    by: 'nothing',
    run: ({ vaultFile }) => act(() => utimesSync(vaultFile, 1e9, 1e9)),
  },
  {
    about: 'see which words other programs were started with',
    by: 'nothing',
    run: (target) => toSome(target, (pid) => reads(`/proc/${pid}/cmdline`, 'sleep')),
  },
  {
    about: 'give other programs less time',
    by: 'nothing',
    exceptRoot: true,
    run: (target) => toSome(target, (pid) => done(call('setpriority', 0, pid, 1))),
  },
]

export const ATTACKS: readonly Attack[] = [...FILES, ...PROCESSES, ...KERNEL, ...NETWORK, ...OPEN]

/** What stood in the way of each attack, in the order of the table; null when it was done. */
export function attackAll(target: Target): (string | null)[] {
  return ATTACKS.map(({ run }) => attempted(() => run(target)) ?? null)
}
