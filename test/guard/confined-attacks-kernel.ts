// Attacks by a confined program on the kernel and over the network.
import { closeSync, writeFileSync } from 'node:fs'
import { done } from './confined-attack.ts'
import type { Attack } from './confined-attack.ts'
import { call, loopback, unixAddress } from './raw-calls.ts'

const [AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_ALG, AF_VSOCK] = [1, 2, 10, 16, 17, 38, 40] as const
const [STREAM, DGRAM, RAW] = [1, 2, 3] as const

function socket(family: number, type: number, protocol = 0): { fd: number } | { error: string } {
  const { value, error } = call('socket', family, type, protocol)
  return error === undefined ? { fd: value } : { error }
}

function connects(family: number, type: number, address: Uint8Array, protocol = 0): string | undefined {
  const made = socket(family, type, protocol)
  if ('error' in made) return made.error
  try {
    return done(call('connect', made.fd, address, address.length))
  } finally {
    closeSync(made.fd)
  }
}

export const KERNEL: Attack[] = [
  {
    about: 'keep a key with the kernel',
    by: 'seccomp',
    run: () => done(call('add_key', 'user', 'tvault-attack', Buffer.from('x'), 1, -2)),
  },
  { about: 'read a key of the user', by: 'seccomp', run: () => done(call('keyctl', 0, -4, 1)) },
  {
    about: 'let the kernel make calls (io_uring)',
    by: 'seccomp',
    run: () => done(call('io_uring_setup', 1, Buffer.alloc(120))),
  },
  {
    about: 'load a program into the kernel (bpf)',
    by: 'both',
    ofRoot: true,
    run: () => {
      const map = Buffer.alloc(72)
      for (const [i, value] of [2, 4, 4, 1].entries()) map.writeUInt32LE(value, 4 * i)
      return done(call('bpf', 0, map, map.length))
    },
  },
  {
    about: 'measure (perf_event_open)',
    by: 'seccomp',
    run: () => {
      const attributes = Buffer.alloc(112)
      attributes.writeUInt32LE(1, 0)
      attributes.writeUInt32LE(112, 4)
      attributes.writeUInt32LE((1 << 5) | (1 << 6), 40)
      return done(call('perf_event_open', attributes, 0, -1, -1, 0))
    },
  },
  { about: 'handle its own page faults (userfaultfd)', by: 'seccomp', run: () => done(call('userfaultfd', 1)) },
  { about: 'share memory (System V)', by: 'seccomp', run: () => done(call('shmget', 0, 4096, 0o1600)) },
  {
    about: 'share a queue (POSIX)',
    by: 'both',
    run: () => {
      const made = call('mq_open', 'tvault-attack', 0o102, 0o600, 0)
      if (made.error === undefined) call('mq_unlink', 'tvault-attack')
      return made.error
    },
  },
  {
    about: 'type into a terminal',
    by: 'seccomp',
    otherwise: 'ENOTTY',
    run: () => {
      const { error } = call('ioctl', 0, 0x5412, Buffer.from('x'))
      return error
    },
  },
  {
    about: 'run as a 32-bit program, whose calls have other numbers',
    by: 'seccomp',
    run: () => {
      if (process.arch !== 'x64') return 'another machine'
      writeFileSync('old', oldProgram(), { mode: 0o755 })
      const { exitCode, signalCode } = Bun.spawnSync(['./old'])
      return exitCode === 42 ? undefined : String(signalCode ?? exitCode)
    },
  },
]

export const NETWORK: Attack[] = [
  {
    about: 'connect to the agent',
    by: 'seccomp',
    run: ({ agentSocket }) => connects(AF_UNIX, STREAM, unixAddress(agentSocket)),
  },
  {
    about: 'connect to a socket without a path',
    by: 'both',
    run: ({ abstractSocket }) => connects(AF_UNIX, STREAM, unixAddress(abstractSocket)),
  },
  {
    about: 'connect one of a pair of sockets to another place',
    by: 'seccomp',
    run: ({ datagramSocket }) => {
      const pair = new Int32Array(2)
      const made = call('socketpair', AF_UNIX, DGRAM, 0, pair)
      const address = unixAddress(datagramSocket)
      return made.error ?? done(call('connect', pair[0]!, address, address.length))
    },
  },
  {
    about: 'connect to a port that was not granted',
    by: 'landlock',
    since: 4,
    run: ({ tcpPort }) => connects(AF_INET, STREAM, loopback(tcpPort)),
  },
  {
    about: 'the same over IPv6',
    by: 'landlock',
    since: 4,
    run: ({ tcp6Port }) => connects(AF_INET6, STREAM, loopback(tcp6Port, 6)),
  },
  {
    about: 'connect without connect (TCP Fast Open)',
    by: 'seccomp',
    run: ({ tcpPort }) => {
      const made = socket(AF_INET, STREAM)
      if ('error' in made) return made.error
      const address = loopback(tcpPort)
      return done(call('sendto', made.fd, Buffer.from('x'), 1, 0x2000_0000, address, address.length))
    },
  },
  {
    about: 'connect by another protocol (MPTCP)',
    by: 'seccomp',
    run: ({ tcpPort }) => connects(AF_INET, STREAM, loopback(tcpPort), 262),
  },
  {
    about: 'send a datagram (UDP)',
    by: 'seccomp',
    run: ({ udpPort }) => {
      const made = socket(AF_INET, DGRAM)
      if ('error' in made) return made.error
      const address = loopback(udpPort)
      return done(call('sendto', made.fd, Buffer.from('x'), 1, 0, address, address.length))
    },
  },
  {
    about: 'send a ping',
    by: 'both',
    ofRoot: true,
    run: () => ('error' in socket(AF_INET, RAW, 1) ? 'EPERM' : undefined),
  },
  {
    about: 'listen to the wire',
    by: 'both',
    ofRoot: true,
    run: () => {
      const made = socket(AF_PACKET, RAW, 0x300)
      return 'error' in made ? made.error : undefined
    },
  },
  {
    about: 'talk to the kernel about the network (netlink)',
    by: 'seccomp',
    run: () => {
      const made = socket(AF_NETLINK, RAW, 0)
      return 'error' in made ? made.error : undefined
    },
  },
  {
    about: 'use an unusual family of sockets',
    by: 'seccomp',
    run: () => {
      const made = [AF_ALG, AF_VSOCK].map((family) => socket(family, family === AF_ALG ? 5 : STREAM))
      return made.every((one) => 'error' in one) ? 'EPERM' : undefined
    },
  },
  {
    about: 'wait for connections',
    by: 'both',
    run: () => {
      const made = socket(AF_INET, STREAM)
      if ('error' in made) return made.error
      const address = loopback(0)
      return done(call('bind', made.fd, address, address.length)) ?? done(call('listen', made.fd, 1))
    },
  },
  {
    about: 'wait for connections on any port',
    by: 'seccomp',
    run: () => {
      const made = socket(AF_INET, STREAM)
      return 'error' in made ? made.error : done(call('listen', made.fd, 1))
    },
  },
]

/** A 32-bit ELF program: exit(42) by int 0x80. */
function oldProgram(): Buffer {
  const code = Buffer.from([0x31, 0xc0, 0x40, 0xb3, 42, 0xcd, 0x80])
  const image = Buffer.alloc(84 + code.length)
  const base = 0x08048000
  image.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1])
  image.writeUInt16LE(2, 16)
  image.writeUInt16LE(3, 18)
  image.writeUInt32LE(1, 20)
  image.writeUInt32LE(base + 84, 24)
  image.writeUInt32LE(52, 28)
  image.writeUInt16LE(52, 40)
  image.writeUInt16LE(32, 42)
  image.writeUInt16LE(1, 44)
  const header = [1, 0, base, base, image.length, image.length, 5, 0x1000]
  header.forEach((value, i) => image.writeUInt32LE(value, 52 + 4 * i))
  image.set(code, 84)
  return image
}
