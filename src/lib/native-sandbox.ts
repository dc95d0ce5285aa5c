// What the kernel offers for taking rights away from a process, its own ones for good: Landlock, seccomp, capabilities,
// limits; and for signals to exactly one other process. All of it is for the calling thread and what it becomes by
// execve(2), so everything is called from the main thread. Importing this file costs nothing.
import { closeSync, fstatSync, readdirSync } from 'node:fs'

type Ffi = typeof import('bun:ffi')

const SYMBOLS = {
  syscall: { args: ['i64', 'i64', 'i64', 'i64', 'i64', 'i64', 'i64'], returns: 'i64' },
  prctl: { args: ['i32', 'u64', 'u64', 'u64', 'u64'], returns: 'i32' },
  prlimit64: { args: ['i32', 'i32', 'ptr', 'ptr'], returns: 'i32' },
  capset: { args: ['ptr', 'ptr'], returns: 'i32' },
  setsid: { args: [], returns: 'i32' },
  fcntl: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  __errno_location: { args: [], returns: 'ptr' },
} as const

function load() {
  const ffi: Ffi = require('bun:ffi')
  return { ffi, c: ffi.dlopen('libc.so.6', SYMBOLS).symbols }
}

let loaded: ReturnType<typeof load> | undefined

function libc(): ReturnType<typeof load> {
  loaded ??= load()
  return loaded
}

function errno(): number {
  const { ffi, c } = libc()
  const address = c.__errno_location()
  return address === null ? 0 : ffi.read.i32(address)
}

// System calls that have one number on every architecture (they are newer than the common table).
const PIDFD_SEND_SIGNAL = 424
const PIDFD_OPEN = 434
const CLOSE_RANGE = 436
const OPENAT2 = 437
const LANDLOCK_CREATE_RULESET = 444
const LANDLOCK_ADD_RULE = 445
const LANDLOCK_RESTRICT_SELF = 446

function systemCall(number: number, ...args: readonly number[]): number {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = args
  return Number(libc().c.syscall(number, a, b, c, d, e, f))
}

/** The kernel did not do one of the steps. Whoever takes rights away stops here: less than all of it is nothing. */
export class Refused extends Error {
  readonly step: string
  readonly errno: number

  constructor(step: string, code: number = errno()) {
    super(`${step} failed with errno ${code}`)
    this.step = step
    this.errno = code
  }
}

const VERSION_FLAG = 1

/** Version of Landlock's interface in this kernel; 0 when it has none, it is switched off, or somebody filters it. */
export function landlockVersion(): number {
  return Math.max(0, systemCall(LANDLOCK_CREATE_RULESET, 0, 0, VERSION_FLAG))
}

const PR_SET_SECCOMP = 22
const SECCOMP_MODE_FILTER = 2
const EFAULT = 14

/** Whether this kernel takes filters for system calls: it looks at the address of the filter, which is none. */
export function takesSeccompFilter(): boolean {
  return libc().c.prctl(PR_SET_SECCOMP, BigInt(SECCOMP_MODE_FILTER), 0n, 0n, 0n) !== 0 && errno() === EFAULT
}

/** Rights as bits of Landlock's interface. Kinds that are not in `files` and `network` stay free. */
export interface LandlockRules {
  files: number
  network: number
  /** What may not reach out of the domain: 1 abstract unix sockets, 2 signals. */
  scoped: number
  /** `optional` ones may have gone in the meantime. */
  paths: readonly { path: string; rights: (isDirectory: boolean) => number; optional: boolean }[]
  ports: readonly { port: number; rights: number }[]
}

const RULE_PATH_BENEATH = 1
const RULE_NET_PORT = 2
const O_PATH_CLOEXEC = 0o10000000 | 0o2000000
const RESOLVE_NO_SYMLINKS = 4
const AT_FDCWD = -100
const [ENOENT, ENOTDIR, ELOOP] = [2, 20, 40] as const

/**
 * Puts this thread and all that it starts into a Landlock domain with these rules. Paths have no symbolic link in any
 * part: one that has got one since is refused, or left out when it is optional. Needs `forbidNewPrivileges` before.
 * Throws Refused.
 */
export function landlock(rules: LandlockRules): void {
  const { ffi } = libc()
  const attributes = new BigUint64Array([BigInt(rules.files), BigInt(rules.network), BigInt(rules.scoped)])
  const ruleset = systemCall(LANDLOCK_CREATE_RULESET, ffi.ptr(attributes), attributes.byteLength, 0)
  if (ruleset < 0) throw new Refused('landlock_create_ruleset')
  try {
    for (const { path, rights, optional } of rules.paths) {
      const fd = openWithoutLinks(path, optional)
      if (fd === undefined) continue
      try {
        addPath(ruleset, fd, rights(fstatSync(fd).isDirectory()))
      } finally {
        closeSync(fd)
      }
    }
    for (const { port, rights } of rules.ports) {
      const rule = new BigUint64Array([BigInt(rights), BigInt(port)])
      if (systemCall(LANDLOCK_ADD_RULE, ruleset, RULE_NET_PORT, ffi.ptr(rule), 0) !== 0) {
        throw new Refused('landlock_add_rule')
      }
    }
    if (systemCall(LANDLOCK_RESTRICT_SELF, ruleset, 0) !== 0) throw new Refused('landlock_restrict_self')
  } finally {
    closeSync(ruleset)
  }
}

function openWithoutLinks(path: string, optional: boolean): number | undefined {
  const { ffi } = libc()
  const how = new BigUint64Array([BigInt(O_PATH_CLOEXEC), 0n, BigInt(RESOLVE_NO_SYMLINKS)])
  const name = Buffer.from(`${path}\0`)
  const fd = systemCall(OPENAT2, AT_FDCWD, ffi.ptr(name), ffi.ptr(how), how.byteLength)
  if (fd >= 0) return fd
  const code = errno()
  if (optional && (code === ENOENT || code === ENOTDIR || code === ELOOP)) return undefined
  throw new Refused(`opening ${path}`, code)
}

function addPath(ruleset: number, fd: number, rights: number): void {
  if (rights === 0) return
  // struct landlock_path_beneath_attr, packed: allowed_access u64, parent_fd s32.
  const rule = new Uint8Array(12)
  const view = new DataView(rule.buffer)
  view.setBigUint64(0, BigInt(rights), true)
  view.setInt32(8, fd, true)
  if (systemCall(LANDLOCK_ADD_RULE, ruleset, RULE_PATH_BENEATH, libc().ffi.ptr(rule), 0) !== 0) {
    throw new Refused('landlock_add_rule')
  }
}

const PR_SET_NO_NEW_PRIVS = 38

/** No program that this thread becomes gets more rights than it has: set-user-ID bits do nothing. Throws Refused. */
export function forbidNewPrivileges(): void {
  if (libc().c.prctl(PR_SET_NO_NEW_PRIVS, 1n, 0n, 0n, 0n) !== 0) throw new Refused('no_new_privs')
}

const PR_CAPBSET_DROP = 24
const PR_CAP_AMBIENT = 47
const PR_CAP_AMBIENT_CLEAR_ALL = 4
const MOST_CAPABILITIES = 64
const CAPABILITY_VERSION_3 = 0x20080522

/** Gives up every capability: of root only the number stays. Throws Refused. */
export function dropCapabilities(): void {
  const { ffi, c } = libc()
  c.prctl(PR_CAP_AMBIENT, BigInt(PR_CAP_AMBIENT_CLEAR_ALL), 0n, 0n, 0n)
  // Refused to who has none, and for the first number that does not exist; what counts is the call after it.
  for (let number = 0; number < MOST_CAPABILITIES; number++) {
    if (c.prctl(PR_CAPBSET_DROP, BigInt(number), 0n, 0n, 0n) !== 0) break
  }
  const header = new Uint32Array([CAPABILITY_VERSION_3, 0])
  if (c.capset(ffi.ptr(header), ffi.ptr(new Uint32Array(6))) !== 0) throw new Refused('capset')
}

/** Installs a seccomp filter: instructions of 8 bytes as in struct sock_filter. Throws Refused. */
export function filterSystemCalls(program: Uint8Array): void {
  const { ffi, c } = libc()
  // struct sock_fprog: length u16 in instructions, 6 bytes of nothing, address.
  const header = new Uint8Array(16)
  const view = new DataView(header.buffer)
  view.setUint16(0, program.length / 8, true)
  view.setBigUint64(8, BigInt(ffi.ptr(program)), true)
  if (c.prctl(PR_SET_SECCOMP, BigInt(SECCOMP_MODE_FILTER), BigInt(ffi.ptr(header)), 0n, 0n) !== 0) {
    throw new Refused('seccomp')
  }
}

/** Makes this process the leader of a session and a group of its own, without a terminal. Throws Refused. */
export function newSession(): void {
  if (libc().c.setsid() < 0) throw new Refused('setsid')
}

/** Numbers of limits (setrlimit(2)), the same on all architectures that we know. */
export const LIMIT = { cpuSeconds: 0, fileBytes: 1, core: 4, processes: 6, locks: 10 } as const

/** Sets the soft and the hard limit of this process. Throws Refused. */
export function setLimit(limit: number, value: number): void {
  const { ffi, c } = libc()
  const both = new BigUint64Array([BigInt(value), BigInt(value)])
  if (c.prlimit64(0, limit, ffi.ptr(both), null) !== 0) throw new Refused('setrlimit')
}

/** The hard limit of process `pid` (0: this one), Infinity for none; undefined when it is gone or somebody else's. */
export function hardLimit(pid: number, limit: number): number | undefined {
  const { ffi, c } = libc()
  const both = new BigUint64Array(2)
  if (c.prlimit64(pid, limit, null, ffi.ptr(both)) !== 0) return undefined
  return both[1] === 0xffffffffffffffffn ? Number.POSITIVE_INFINITY : Number(both[1])
}

/**
 * Sends a signal to process `pid` if `holds()` of it: the process is held first, so that nobody else can get its number
 * in between. Whether it was sent.
 */
export function signalIf(pid: number, signal: number, holds: () => boolean): boolean {
  const held = systemCall(PIDFD_OPEN, pid, 0)
  if (held < 0) return false
  try {
    return holds() && systemCall(PIDFD_SEND_SIGNAL, held, signal, 0, 0) === 0
  } finally {
    closeSync(held)
  }
}

const CLOSE_RANGE_CLOEXEC = 4
const LAST = 0xffffffff
const F_SETFD = 2
const FD_CLOEXEC = 1

/** Has every descriptor from `first` on closed by execve(2). */
export function closeAllOnExec(first: number): void {
  if (systemCall(CLOSE_RANGE, first, LAST, CLOSE_RANGE_CLOEXEC) === 0) return
  for (const name of readdirSync('/proc/self/fd')) {
    if (Number(name) >= first) libc().c.fcntl(Number(name), F_SETFD, FD_CLOEXEC)
  }
}

const F_DUPFD_CLOEXEC = 1030

/** Another descriptor of what `fd` is, not below `least` and closed on exec. Throws Refused. */
export function duplicateAbove(fd: number, least: number): number {
  const other = libc().c.fcntl(fd, F_DUPFD_CLOEXEC, least)
  if (other < 0) throw new Refused('fcntl')
  return other
}
