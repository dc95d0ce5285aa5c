// The filter for system calls of a confined program, as instructions of the kernel's packet filter (classic BPF): what
// Landlock does not see. Pure: bytes in the form of struct sock_filter. The rule: a filter reads numbers only, never
// what a pointer points to, so a call that hides its arguments behind one is refused or not trusted.
import { JUDGED, REFUSED, numberOf } from './system-calls.ts'
import type { Architecture, Judged } from './system-calls.ts'

export interface FilterWish {
  architecture: Architecture
  /** Sockets of the internet protocols: none, TCP, or TCP and UDP. */
  internet: 'none' | 'tcp' | 'tcp and udp'
  /** Whether connections are limited elsewhere, by their ports; a way around that is refused. */
  portsAreLimited: boolean
  /** Whether sockets may wait for connections. */
  listen: boolean
  unixSockets: boolean
  /** Version of Landlock's interface that is in force, 0 for none. */
  landlock: number
}

type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, k: number]

// Codes of classic BPF: load a word at an offset, mask, jumps, return.
const LOAD = 0x20
const AND = 0x54
const JUMP_EQUAL = 0x15
const JUMP_AT_LEAST = 0x35
const JUMP_ANY_BIT = 0x45
const RETURN = 0x06

const EPERM = 1
const ENOSYS = 38
const answer = (errno: number): Instruction => [RETURN, 0, 0, 0x0005_0000 | errno]
const ALLOW: Instruction = [RETURN, 0, 0, 0x7fff_0000]
const KILL: Instruction = [RETURN, 0, 0, 0x8000_0000]
const REFUSE = answer(EPERM)
/** For calls whose callers fall back to an older one, whose arguments can be read. */
const ABSENT = answer(ENOSYS)

// struct seccomp_data: number, architecture, address, six arguments of 64 bits (little-endian on both architectures).
const NUMBER_AT = 0
const ARCHITECTURE_AT = 4
const low = (argument: number): Instruction => [LOAD, 0, 0, 16 + 8 * argument]
const high = (argument: number): Instruction => [LOAD, 0, 0, 20 + 8 * argument]

const ifEqual = (k: number, then: readonly Instruction[]): Instruction[] => [[JUMP_EQUAL, 0, then.length, k], ...then]
const unlessEqual = (k: number, then: readonly Instruction[]): Instruction[] => [
  [JUMP_EQUAL, then.length, 0, k],
  ...then,
]
const ifAnyBit = (k: number, then: readonly Instruction[]): Instruction[] => [
  [JUMP_ANY_BIT, 0, then.length, k],
  ...then,
]
const unlessAnyBit = (k: number, then: readonly Instruction[]): Instruction[] => [
  [JUMP_ANY_BIT, then.length, 0, k],
  ...then,
]
const allowOnly = (values: readonly number[]): Instruction[] => [
  ...values.flatMap((value) => ifEqual(value, [ALLOW])),
  REFUSE,
]

const AUDIT_ARCHITECTURE: Readonly<Record<Architecture, number>> = { x64: 0xc000_003e, arm64: 0xc000_00b7 }
/** On x86-64, a second table of calls lies behind this bit, with other meanings of pointers. */
const X32_BIT = 0x4000_0000

/** The filter as bytes, 8 for each instruction. */
export function seccompProgram(wish: FilterWish): Uint8Array {
  const { architecture } = wish
  const instructions: Instruction[] = [
    [LOAD, 0, 0, ARCHITECTURE_AT],
    // Numbers mean something else there; nothing of ours ever comes from there.
    ...unlessEqual(AUDIT_ARCHITECTURE[architecture], [KILL]),
    [LOAD, 0, 0, NUMBER_AT],
    ...(architecture === 'x64' ? [[JUMP_AT_LEAST, 0, 1, X32_BIT] as const, ABSENT] : []),
  ]
  for (const { calls } of REFUSED) {
    for (const numbers of Object.values(calls)) {
      const number = numberOf(numbers, architecture)
      if (number !== undefined) instructions.push(...ifEqual(number, [REFUSE]))
    }
  }
  for (const [call, judge] of judges(wish)) {
    const number = numberOf(JUDGED[call], architecture)
    if (number !== undefined) instructions.push(...ifEqual(number, judge))
  }
  instructions.push(ALLOW)
  return assemble(instructions)
}

// What the arguments are compared with.
const [AF_UNIX, AF_INET, AF_INET6] = [1, 2, 10] as const
const [SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET] = [1, 2, 5] as const
const [IPPROTO_DEFAULT, IPPROTO_TCP, IPPROTO_UDP] = [0, 6, 17] as const
/** The rest of the number are flags. */
const SOCKET_TYPE = 0xf
const MSG_FASTOPEN = 0x2000_0000
/** All of CLONE_NEW* that fits into clone(2). */
const NEW_NAMESPACES = 0x7e02_0000
const [TIOCSTI, TIOCLINUX] = [0x5412, 0x541c] as const
const RLIMIT_LOCKS = 10
const CREATES = 0o100 | 0o20000000
const SET_ID_BITS = 0o6000
const TRUNCATE_SINCE = 3

/** Instructions for each call that is judged by its arguments; they end by an answer. */
function judges(wish: FilterWish): (readonly [Judged, readonly Instruction[]])[] {
  const found: (readonly [Judged, readonly Instruction[]])[] = [
    ['clone', [low(0), ...ifAnyBit(NEW_NAMESPACES, [REFUSE]), ALLOW]],
    ['clone3', [ABSENT]],
    ['socket', socketJudge(wish)],
    // A pair is connected to itself; but one of datagrams could be connected to another place later.
    ['socketpair', [low(1), [AND, 0, 0, SOCKET_TYPE], ...allowOnly([SOCK_STREAM, SOCK_SEQPACKET])]],
    // Typing into a terminal on behalf of who sits there.
    ['ioctl', [low(1), ...ifEqual(TIOCSTI, [REFUSE]), ...ifEqual(TIOCLINUX, [REFUSE]), ALLOW]],
    // The mark by which what is left of a program is found (strays.ts) cannot be taken off; and a limit set for another
    // process can kill it.
    ['setrlimit', [low(0), ...ifEqual(RLIMIT_LOCKS, [REFUSE]), ALLOW]],
    [
      'prlimit64',
      [...ifSets([low(1), ...ifEqual(RLIMIT_LOCKS, [REFUSE]), low(0), ...unlessEqual(0, [REFUSE])]), ALLOW],
    ],
    // Files that run as their owner for everybody who starts them.
    ['openat2', [ABSENT]],
    ['open', created(1, 2)],
    ['openat', created(2, 3)],
    ...(['creat', 'chmod', 'fchmod', 'mknod'] as const).map((call) => [call, withoutSetId(1)] as const),
    ...(['fchmodat', 'fchmodat2', 'mknodat'] as const).map((call) => [call, withoutSetId(2)] as const),
  ]
  // Data with the first packet makes a connection without connect(2), which is where ports are looked at.
  if (wish.portsAreLimited) {
    const judge = (argument: number): Instruction[] => [low(argument), ...ifAnyBit(MSG_FASTOPEN, [REFUSE]), ALLOW]
    found.push(['sendto', judge(3)], ['sendmsg', judge(2)], ['sendmmsg', judge(3)])
  }
  if (!wish.listen) found.push(['listen', [REFUSE]])
  // Where Landlock does not know truncate(2) yet, any file could be emptied.
  if (wish.landlock > 0 && wish.landlock < TRUNCATE_SINCE) found.push(['truncate', [REFUSE]])
  return found
}

function socketJudge({ internet, unixSockets }: FilterWish): Instruction[] {
  const byType: Instruction[] = [
    low(1),
    [AND, 0, 0, SOCKET_TYPE],
    // Other protocols of the same type (MPTCP, ICMP) are not seen by those who look at ports.
    ...ifEqual(SOCK_STREAM, [low(2), ...allowOnly([IPPROTO_DEFAULT, IPPROTO_TCP])]),
    ...(internet === 'tcp and udp' ? ifEqual(SOCK_DGRAM, [low(2), ...allowOnly([IPPROTO_DEFAULT, IPPROTO_UDP])]) : []),
    REFUSE,
  ]
  return [
    low(0),
    ...(unixSockets ? ifEqual(AF_UNIX, [ALLOW]) : []),
    ...(internet === 'none' ? [] : [AF_INET, AF_INET6].flatMap((family) => ifEqual(family, byType))),
    REFUSE,
  ]
}

/** Of prlimit64: when the pointer to the new limit is one. */
function ifSets(then: readonly Instruction[]): Instruction[] {
  const orHigh: Instruction[] = [high(2), [JUMP_EQUAL, then.length, 0, 0]]
  return [low(2), [JUMP_EQUAL, 0, orHigh.length, 0], ...orHigh, ...then]
}

function withoutSetId(mode: number): Instruction[] {
  return [low(mode), ...ifAnyBit(SET_ID_BITS, [REFUSE]), ALLOW]
}

/** The mode counts only when a file is created; otherwise it is whatever was in the register. */
function created(flags: number, mode: number): Instruction[] {
  return [low(flags), ...unlessAnyBit(CREATES, [ALLOW]), ...withoutSetId(mode)]
}

/** struct sock_filter: code u16, two jumps u8, k u32, little-endian. */
function assemble(instructions: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(8 * instructions.length)
  const view = new DataView(bytes.buffer)
  instructions.forEach(([code, jumpTrue, jumpFalse, k], i) => {
    view.setUint16(8 * i, code, true)
    view.setUint8(8 * i + 2, jumpTrue)
    view.setUint8(8 * i + 3, jumpFalse)
    view.setUint32(8 * i + 4, k, true)
  })
  return bytes
}
