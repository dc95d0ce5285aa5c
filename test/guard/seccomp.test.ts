// The filter for system calls, run by an interpreter of classic BPF written from the kernel's description of it.
import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { seccompProgram } from '../../src/guard/seccomp.ts'
import type { FilterWish } from '../../src/guard/seccomp.ts'
import { JUDGED, REFUSED, numberOf } from '../../src/guard/system-calls.ts'
import type { Architecture } from '../../src/guard/system-calls.ts'

const AUDIT = { x64: 0xc000003e, arm64: 0xc00000b7 } as const
const STRICT: FilterWish = {
  architecture: 'x64',
  internet: 'none',
  portsAreLimited: true,
  listen: false,
  unixSockets: false,
  landlock: 7,
}
const BOTH: Architecture[] = ['x64', 'arm64']

/** What the kernel would do: `allow`, `kill`, or the number of the error. */
function answer(
  program: Uint8Array,
  number: number,
  args: readonly bigint[] = [],
  audit: number = AUDIT.x64,
): string | number {
  const call = new DataView(new ArrayBuffer(64))
  call.setUint32(0, number, true)
  call.setUint32(4, audit, true)
  args.forEach((value, i) => call.setBigUint64(16 + 8 * i, BigInt.asUintN(64, value), true))
  const code = new DataView(program.buffer, program.byteOffset, program.length)
  let accumulator = 0
  for (let at = 0, steps = 0; ; at += 1, steps += 1) {
    if (steps > 4096 || 8 * at >= program.length) throw new Error(`ran out of the program at ${at}`)
    const [operation, k] = [code.getUint16(8 * at, true), code.getUint32(8 * at + 4, true)]
    const jump = (holds: boolean): void => void (at += code.getUint8(8 * at + (holds ? 2 : 3)))
    if (operation === 0x20) accumulator = call.getUint32(k, true)
    else if (operation === 0x54) accumulator = (accumulator & k) >>> 0
    else if (operation === 0x15) jump(accumulator === k)
    else if (operation === 0x35) jump(accumulator >= k)
    else if (operation === 0x45) jump((accumulator & k) !== 0)
    else if (operation === 0x06) {
      if (k === 0x7fff0000) return 'allow'
      if (k === 0x80000000) return 'kill'
      if (k >>> 16 === 5) return k & 0xffff
      throw new Error(`unknown answer ${k}`)
    } else throw new Error(`unknown instruction ${operation}`)
  }
}

/** A filter as a function of the call's name and arguments. */
function judge(wish: Partial<FilterWish> = {}): (name: string, ...args: (number | bigint)[]) => string | number {
  const whole = { ...STRICT, ...wish }
  const program = seccompProgram(whole)
  const table = Object.assign({}, ...REFUSED.map(({ calls }) => calls), JUDGED)
  return (name, ...args) =>
    answer(program, numberOf(table[name], whole.architecture) ?? -2, args.map(BigInt), AUDIT[whole.architecture])
}

const EPERM = 1
const ENOSYS = 38
const [UNIX, INET, INET6, NETLINK, PACKET] = [1, 2, 10, 16, 17] as const
const [STREAM, DGRAM, RAW] = [1, 2, 3] as const
const FLAGS = 0o2004000

describe.each(BOTH)('%s', (architecture) => {
  test('every jump ends inside the program, which fits and ends', () => {
    const program = seccompProgram({ ...STRICT, architecture, landlock: 1 })
    const count = program.length / 8
    expect(count).toBeLessThan(4096)
    const code = new DataView(program.buffer)
    for (let i = 0; i < count; i++) {
      const jumps = [0x15, 0x35, 0x45].includes(code.getUint16(8 * i, true))
      const [yes, no] = [code.getUint8(8 * i + 2), code.getUint8(8 * i + 3)]
      if (jumps) expect(i + 1 + Math.max(yes, no)).toBeLessThan(count)
      else expect([yes, no]).toEqual([0, 0])
    }
    expect(code.getUint16(8 * (count - 1), true)).toBe(0x06)
  })

  test('a call of another architecture ends the program', () => {
    const program = seccompProgram({ ...STRICT, architecture })
    for (const other of [0x40000003, 0x40000028, AUDIT[architecture === 'x64' ? 'arm64' : 'x64']]) {
      expect(answer(program, 0, [], other)).toBe('kill')
    }
  })

  test('what is refused whatever its arguments are', () => {
    const asked = judge({
      architecture,
      internet: 'tcp and udp',
      portsAreLimited: false,
      listen: true,
      unixSockets: true,
    })
    for (const { calls } of REFUSED) {
      for (const [name, numbers] of Object.entries(calls)) {
        if (numberOf(numbers, architecture) === undefined) continue
        for (const args of [[], [0, 0, 0], [-1n, -1n, -1n, -1n, -1n, -1n]])
          expect([name, asked(name, ...args)]).toEqual([name, EPERM])
      }
    }
  })

  test('namespaces, by any of their flags', () => {
    const asked = judge({ architecture })
    for (const flag of [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000]) {
      expect(asked('clone', flag | 17)).toBe(EPERM)
    }
    // fork, and a thread of glibc.
    for (const flags of [0x1200011, 0x3d0f00, 17]) expect(asked('clone', flags)).toBe('allow')
    expect(asked('clone3', 0, 88)).toBe(ENOSYS)
  })

  test('sockets: none', () => {
    const asked = judge({ architecture })
    for (const family of [UNIX, INET, INET6, NETLINK, PACKET, 38, 40, 0, 45]) {
      for (const type of [STREAM, DGRAM, RAW]) expect(asked('socket', family, type, 0)).toBe(EPERM)
    }
  })

  test('sockets: TCP and nothing else', () => {
    const asked = judge({ architecture, internet: 'tcp' })
    for (const family of [INET, INET6]) {
      for (const protocol of [0, 6]) {
        expect(asked('socket', family, STREAM, protocol)).toBe('allow')
        expect(asked('socket', family, STREAM | FLAGS, protocol)).toBe('allow')
      }
      for (const protocol of [1, 17, 132, 262]) expect(asked('socket', family, STREAM, protocol)).toBe(EPERM)
      for (const type of [DGRAM, RAW, 5, 6, 10]) expect(asked('socket', family, type, 0)).toBe(EPERM)
    }
    expect(asked('socket', UNIX, STREAM, 0)).toBe(EPERM)
    // The kernel looks at 32 bits only.
    expect(asked('socket', 0xffff_ffff_0000_0002n, 0xffff_ffff_0000_0001n, 0)).toBe('allow')
    expect(asked('socket', 0xffff_ffff_0000_0001n, STREAM, 0)).toBe(EPERM)
  })

  test('sockets: UDP, and unix sockets, when they are wanted', () => {
    const udp = judge({ architecture, internet: 'tcp and udp' })
    expect([udp('socket', INET, DGRAM, 0), udp('socket', INET6, DGRAM | FLAGS, 17)]).toEqual(['allow', 'allow'])
    expect([udp('socket', INET, DGRAM, 1), udp('socket', INET, RAW, 17)]).toEqual([EPERM, EPERM])
    const unix = judge({ architecture, unixSockets: true })
    expect([unix('socket', UNIX, STREAM, 0), unix('socket', INET, STREAM, 0)]).toEqual(['allow', EPERM])
  })

  test('pairs of sockets, but not of those that can be connected again', () => {
    const asked = judge({ architecture })
    expect([STREAM, STREAM | FLAGS, 5].map((type) => asked('socketpair', UNIX, type, 0))).toEqual([
      'allow',
      'allow',
      'allow',
    ])
    expect([DGRAM, DGRAM | FLAGS, RAW].map((type) => asked('socketpair', UNIX, type, 0))).toEqual([EPERM, EPERM, EPERM])
  })

  test('connections without connect', () => {
    const fast = 0x20000000
    const asked = judge({ architecture, internet: 'tcp' })
    expect([
      asked('sendto', 3, 1, 1, fast),
      asked('sendmsg', 3, 1, fast),
      asked('sendmmsg', 3, 1, 1, fast | 0x4000),
    ]).toEqual([EPERM, EPERM, EPERM])
    expect([
      asked('sendto', 3, fast, fast, 0x4000),
      asked('sendmsg', 3, fast, 0),
      asked('sendmmsg', 3, fast, fast, 0),
    ]).toEqual(['allow', 'allow', 'allow'])
    const free = judge({ architecture, internet: 'tcp and udp', portsAreLimited: false })
    expect(free('sendto', 3, 1, 1, fast)).toBe('allow')
    expect([judge({ architecture })('listen', 3, 1), judge({ architecture, listen: true })('listen', 3, 1)]).toEqual([
      EPERM,
      'allow',
    ])
  })

  test('typing into a terminal', () => {
    const asked = judge({ architecture })
    expect([asked('ioctl', 0, 0x5412), asked('ioctl', 0, 0x541c), asked('ioctl', 0, 0xffff_ffff_0000_5412n)]).toEqual([
      EPERM,
      EPERM,
      EPERM,
    ])
    expect([asked('ioctl', 0, 0x5401), asked('ioctl', 0x5412, 0x5413)]).toEqual(['allow', 'allow'])
  })

  test('limits: its own may be set, but not the mark, and not those of others', () => {
    const asked = judge({ architecture })
    const [NOFILE, LOCKS, LOW, HIGH] = [7, 10, 0x7fff_0000n, 0x7fff_0000_0000n]
    for (const pointer of [LOW, HIGH, LOW | HIGH]) {
      expect(asked('prlimit64', 0, LOCKS, pointer, 0)).toBe(EPERM)
      expect(asked('prlimit64', 4711, NOFILE, pointer, 0)).toBe(EPERM)
      expect(asked('prlimit64', 0, NOFILE, pointer, 0)).toBe('allow')
    }
    expect([asked('prlimit64', 4711, LOCKS, 0, LOW), asked('prlimit64', 0, LOCKS, 0, HIGH)]).toEqual(['allow', 'allow'])
    expect([asked('setrlimit', LOCKS, LOW), asked('setrlimit', NOFILE, LOW)]).toEqual([EPERM, 'allow'])
  })

  test('files that run as their owner', () => {
    const asked = judge({ architecture })
    const [CREATE, TMPFILE, suid, sgid] = [0o100, 0o20200000, 0o4755, 0o2755]
    for (const mode of [suid, sgid, 0o6000]) {
      if (architecture === 'x64') {
        expect([
          asked('open', 0, CREATE, mode),
          asked('creat', 0, mode),
          asked('chmod', 0, mode),
          asked('mknod', 0, mode),
        ]).toEqual([EPERM, EPERM, EPERM, EPERM])
      }
      expect([asked('openat', -100, 0, CREATE | 1, mode), asked('openat', -100, 0, TMPFILE, mode)]).toEqual([
        EPERM,
        EPERM,
      ])
      expect([
        asked('fchmod', 3, mode),
        asked('fchmodat', -100, 0, mode),
        asked('fchmodat2', -100, 0, mode),
        asked('mknodat', -100, 0, mode),
      ]).toEqual([EPERM, EPERM, EPERM, EPERM])
    }
    // Without O_CREAT the mode is whatever was in the register.
    expect([
      asked('openat', -100, 0, 0, suid),
      asked('openat', -100, 0, CREATE, 0o755),
      asked('fchmodat', -100, 0, 0o1777),
    ]).toEqual(['allow', 'allow', 'allow'])
    expect(asked('openat2', -100, 0, 0, 24)).toBe(ENOSYS)
  })

  test('truncate, where Landlock does not know it', () => {
    expect([0, 1, 2, 3, 7].map((landlock) => judge({ architecture, landlock })('truncate', 0, 0))).toEqual([
      'allow',
      EPERM,
      EPERM,
      'allow',
      'allow',
    ])
  })
})

test('the second table of x86-64 is absent, and what is not named is allowed', () => {
  const program = seccompProgram(STRICT)
  for (const number of [0x40000000, 0x40000000 + 101, 0x7fffffff, 0xffffffff])
    expect(answer(program, number)).toBe(ENOSYS)
  // read, write, mmap, execve, landlock_restrict_self, futex
  for (const number of [0, 1, 9, 59, 446, 202]) expect(answer(program, number)).toBe('allow')
})

describe('numbers', () => {
  const numbersIn = (path: string, prefix: RegExp): Map<string, number> =>
    new Map([...readFileSync(path, 'latin1').matchAll(prefix)].map(([, name, number]) => [name!, Number(number)]))
  const headers = {
    x64: ['/usr/include/x86_64-linux-gnu/asm/unistd_64.h', /^#define __NR_(\w+)\s+(\d+)/gm],
    arm64: ['/usr/include/asm-generic/unistd.h', /^#define (?:__NR|__NR3264)_(\w+)\s+(\d+)/gm],
  } as const

  test.each(BOTH)('are those of the headers of the kernel: %s', (architecture) => {
    const [path, pattern] = headers[architecture]
    if (!existsSync(path)) return console.warn(`NOT TRIED: there is no ${path}`)
    const known = numbersIn(path, pattern)
    const table: [string, readonly [number | undefined, number | undefined]][] = [
      ...REFUSED.flatMap(({ calls }) => Object.entries(calls)),
      ...Object.entries(JUDGED),
    ]
    // The newest ones may be missing in older headers.
    const newest = new Set(['fchmodat2', 'open_tree_attr'])
    for (const [name, numbers] of table) {
      if (newest.has(name) && !known.has(name)) continue
      expect([name, numberOf(numbers, architecture)]).toEqual([name, known.get(name)])
    }
  })

  test('no call is named twice', () => {
    for (const architecture of BOTH) {
      const all = [...REFUSED.flatMap(({ calls }) => Object.values(calls)), ...Object.values(JUDGED)]
      const numbers = all.flatMap((both) => numberOf(both, architecture) ?? [])
      expect(new Set(numbers).size).toBe(numbers.length)
    }
  })
})
