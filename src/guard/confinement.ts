// What this kernel offers to keep a program within its limits, and what of a wish it cannot keep. The rule: what is
// missing is said, with `confined: false` where it matters; nothing is claimed that was not installed.
import { LIMIT, hardLimit, landlockVersion, takesSeccompFilter } from '../lib/native-sandbox.ts'
import { PORTS_SINCE, SCOPES_SINCE } from './landlock.ts'
import type { Architecture } from './system-calls.ts'

export interface Confinement {
  /** Files and system calls can be limited: the two without which nothing else holds. */
  confined: boolean
  /** Version of Landlock's interface, 0 for none. */
  landlock: number
  seccomp: boolean
  /** What can be limited of the network: TCP ports, all of it or nothing, or nothing at all. */
  network: 'ports' | 'on or off' | 'open'
  /** Whether signals to processes outside can be refused. */
  signals: boolean
  /** Whether what a program leaves running is found, whatever it did to hide. */
  strays: boolean
}

/** What the filter for system calls is written for. */
export function architecture(): Architecture | undefined {
  return process.arch === 'x64' || process.arch === 'arm64' ? process.arch : undefined
}

let asked: Confinement | undefined

/** Asks the kernel, once. */
export function confinement(): Confinement {
  asked ??= confinementOf({
    landlock: landlockVersion(),
    seccomp: architecture() !== undefined && takesSeccompFilter(),
    strays: hardLimit(0, LIMIT.locks) === Number.POSITIVE_INFINITY,
  })
  return asked
}

/** What follows from what a kernel has. `strays`: the mark by which they are found can be set. */
export function confinementOf({
  landlock,
  seccomp,
  strays,
}: Pick<Confinement, 'landlock' | 'seccomp' | 'strays'>): Confinement {
  return {
    confined: landlock > 0 && seccomp,
    landlock,
    seccomp,
    network: landlock >= PORTS_SINCE && seccomp ? 'ports' : seccomp ? 'on or off' : 'open',
    signals: landlock >= SCOPES_SINCE,
    // Without the filter the mark could be taken off.
    strays: strays && seccomp,
  }
}

/** What a program may do with the network. */
export type Network =
  | 'none'
  | 'any'
  | {
      /** TCP ports that it may connect to, at any address. */
      connect: readonly number[]
      /** TCP ports that it may listen on. */
      listen?: readonly number[]
      /** UDP to anywhere; needed to look up names in most places. */
      udp?: boolean
    }

/** What of `network` and of the rest `kernel` does not hold, in words; empty when all of it is held. */
export function gaps(kernel: Confinement, network: Network): string[] {
  return [
    ...(kernel.landlock === 0 ? ['files: this kernel has no Landlock, or it is switched off'] : []),
    ...(kernel.seccomp ? [] : ['system calls: no filter on this kernel or architecture']),
    ...(network !== 'any' && kernel.network === 'open' ? ['network: it cannot be limited'] : []),
    ...(typeof network === 'object' && kernel.network === 'on or off'
      ? ['network: ports cannot be limited, only all TCP (Landlock 4, Linux 6.7)']
      : []),
    ...(kernel.signals ? [] : ['signals: it can send them to other programs of the user (Landlock 6, Linux 6.12)']),
    ...(kernel.strays ? [] : ['strays: what leaves its process group is not found']),
  ]
}

/** Whether `kernel` keeps a program with this `network` away from files, system calls and ports as it was asked to. */
export function isConfined(kernel: Confinement, network: Network): boolean {
  return kernel.confined && (network === 'any' || network === 'none' || kernel.network === 'ports')
}
