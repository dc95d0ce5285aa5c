// What the kernel offers and Bun does not, for every mode. Importing this file costs nothing.
import { EACCES, EAGAIN, errno, nativeLibrary } from './native-library.ts'

const SYMBOLS = {
  isatty: { args: ['i32'], returns: 'i32' },
  ioctl: { args: ['i32', 'u64', 'ptr'], returns: 'i32' },
  flock: { args: ['i32', 'i32'], returns: 'i32' },
  fcntl: { args: ['i32', 'i32', 'ptr'], returns: 'i32' },
  memfd_create: { args: ['ptr', 'u32'], returns: 'i32' },
  prctl: { args: ['i32', 'u64', 'u64', 'u64', 'u64'], returns: 'i32' },
  getrlimit: { args: ['i32', 'ptr'], returns: 'i32' },
  setrlimit: { args: ['i32', 'ptr'], returns: 'i32' },
  mlock: { args: ['ptr', 'usize'], returns: 'i32' },
  madvise: { args: ['ptr', 'usize', 'i32'], returns: 'i32' },
  explicit_bzero: { args: ['ptr', 'usize'], returns: 'void' },
  tcgetattr: { args: ['i32', 'ptr'], returns: 'i32' },
  tcsetattr: { args: ['i32', 'i32', 'ptr'], returns: 'i32' },
  getenv: { args: ['ptr'], returns: 'ptr' },
  unsetenv: { args: ['ptr'], returns: 'i32' },
  strlen: { args: ['ptr'], returns: 'usize' },
  signal: { args: ['i32', 'ptr'], returns: 'ptr' },
  execve: { args: ['ptr', 'ptr', 'ptr'], returns: 'i32' },
  clock_gettime: { args: ['i32', 'ptr'], returns: 'i32' },
} as const

const libc = nativeLibrary(SYMBOLS)

/** A NUL-terminated copy of `text`. The caller keeps it alive during the call. */
function cString(text: string | Uint8Array): Buffer {
  return Buffer.concat([typeof text === 'string' ? Buffer.from(text) : text, Buffer.of(0)])
}

/** Whether descriptor `fd` is a terminal. */
export function isTerminal(fd: number): boolean {
  return libc().c.isatty(fd) === 1
}

const TIOCGWINSZ = 0x5413

/** Size of the terminal on `fd` in characters, or undefined when it is none or does not know. */
export function terminalSize(fd: number): { columns: number; rows: number } | undefined {
  const { ffi, c } = libc()
  const size = new Uint16Array(4)
  if (c.ioctl(fd, TIOCGWINSZ, ffi.ptr(size)) !== 0 || !size[1]) return undefined
  return { columns: size[1], rows: size[0] ?? 0 }
}

const LOCK = { shared: 1, exclusive: 2, unlock: 8 } as const
const LOCK_NONBLOCKING = 4

/** flock(2) on `fd`. True when it was obtained; false when `wait` is false and another description holds it. */
export function flock(fd: number, mode: keyof typeof LOCK, wait: boolean): boolean {
  return libc().c.flock(fd, LOCK[mode] | (wait ? 0 : LOCK_NONBLOCKING)) === 0
}

const F_OFD_SETLK = 37
const F_WRLCK = 1n

/**
 * Locks the byte at `offset` of `fd`, which is open for writing, for its open file description (fcntl(2), F_OFD_SETLK),
 * until that is closed. False when another one has it, undefined where there are no such locks.
 */
export function lockByte(fd: number, offset: bigint): boolean | undefined {
  if (process.platform !== 'linux') return undefined
  const { ffi, c } = libc()
  // struct flock: l_type and l_whence (0: from the start) are shorts, then l_start, l_len and l_pid.
  if (c.fcntl(fd, F_OFD_SETLK, ffi.ptr(new BigInt64Array([F_WRLCK, offset, 1n, 0n]))) === 0) return true
  return [EAGAIN, EACCES].includes(errno()) ? false : undefined
}

const MFD_CLOEXEC = 1

/** A descriptor of an anonymous file in memory, closed on exec unless it is to be inherited. Throws when the kernel refuses. */
export function memfd(name: string, options: { inherited?: boolean } = {}): number {
  const { ffi, c } = libc()
  const fd = c.memfd_create(ffi.ptr(cString(name)), options.inherited === true ? 0 : MFD_CLOEXEC)
  if (fd < 0) throw new Error(`memfd_create failed with errno ${errno()}`)
  return fd
}

const PR_SET_DUMPABLE = 4
const RLIMIT_CORE = 4
let coreLimit: BigUint64Array | undefined

/**
 * Makes this process unreadable to others of the same user (/proc/PID/mem, environ, ptrace) and stops core dumps.
 * Only the soft core limit changes; `execve` puts it back so that a child inherits what we inherited.
 */
export function harden(): void {
  const { ffi, c } = libc()
  c.prctl(PR_SET_DUMPABLE, 0n, 0n, 0n, 0n)
  if (coreLimit !== undefined) return
  const limit = new BigUint64Array(2)
  if (c.getrlimit(RLIMIT_CORE, ffi.ptr(limit)) !== 0) return
  coreLimit = limit
  c.setrlimit(RLIMIT_CORE, ffi.ptr(new BigUint64Array([0n, limit[1] ?? 0n])))
}

/** Runs `act` with the core limit that we were given, so that a program it starts inherits that one. */
export function withGivenLimits<T>(act: () => T): T {
  if (coreLimit === undefined) return act()
  const { ffi, c } = libc()
  c.setrlimit(RLIMIT_CORE, ffi.ptr(coreLimit))
  try {
    return act()
  } finally {
    c.setrlimit(RLIMIT_CORE, ffi.ptr(new BigUint64Array([0n, coreLimit[1] ?? 0n])))
  }
}

const MADV_DONTDUMP = 16
const MADV_HUGEPAGE = 14
const PAGE = 4096
const HUGE_PAGE = 2_097_152

/** Keeps `bytes` out of swap and core dumps, best effort: true when the kernel agreed to lock the pages. */
export function lockMemory(bytes: Uint8Array): boolean {
  if (bytes.length === 0) return true
  const { ffi, c } = libc()
  const address = ffi.ptr(bytes)
  // Not `& 4095`: the bitwise operators work on 32 bits and would cut the address.
  const start = Math.floor(address / PAGE) * PAGE
  const size = Math.ceil((address + bytes.length - start) / PAGE) * PAGE
  c.madvise(start as typeof address, size, MADV_DONTDUMP)
  return c.mlock(address, bytes.length) === 0
}

/** The first place in `bytes` from `least` on where a huge page may begin: at a multiple of its size in the address space. */
export function hugePageFrom(bytes: Uint8Array, least: number): number {
  const address = Number(libc().ffi.ptr(bytes))
  return Math.ceil((address + least) / HUGE_PAGE) * HUGE_PAGE - address
}

/**
 * Asks the kernel to find `bytes` in pages of 2 MiB, and keeps them out of core dumps; best effort. For large memory that
 * is used as a whole: thousands of faults become some dozens.
 */
export function preferHugePages(bytes: Uint8Array): void {
  if (process.platform !== 'linux' || bytes.length === 0) return
  const { ffi, c } = libc()
  const address = ffi.ptr(bytes)
  if (address % PAGE !== 0) return
  c.madvise(address, bytes.length, MADV_HUGEPAGE)
  c.madvise(address, bytes.length, MADV_DONTDUMP)
}

const CLOCK_MONOTONIC = 1
const CLOCK_BOOTTIME = 7

/** How long the machine has slept since it started, in milliseconds: only one of the two clocks goes on meanwhile. */
export function sleptMilliseconds(): number {
  const { ffi, c } = libc()
  const milliseconds = (clock: number): number => {
    const time = new BigInt64Array(2)
    c.clock_gettime(clock, ffi.ptr(time))
    return Number((time[0] ?? 0n) * 1000n + (time[1] ?? 0n) / 1_000_000n)
  }
  return milliseconds(CLOCK_BOOTTIME) - milliseconds(CLOCK_MONOTONIC)
}

// struct termios of Linux: c_lflag is a u32 at offset 12, c_cc starts at 17.
const TERMIOS_SIZE = 60
const LOCAL_FLAGS_AT = 12
const CONTROL_CHARACTERS_AT = 17
const VTIME = 5
const VMIN = 6
const ISIG = 0o1
const ICANON = 0o2
const ECHO = 0o10
const TCSAFLUSH = 2

/** Turns echo, line editing and signal keys off on terminal `fd`; the returned function puts everything back. */
export function disableEcho(fd: number): () => void {
  const { ffi, c } = libc()
  const before = new Uint8Array(TERMIOS_SIZE)
  if (c.tcgetattr(fd, ffi.ptr(before)) !== 0) throw new Error(`tcgetattr failed with errno ${errno()}`)
  const raw = before.slice()
  const view = new DataView(raw.buffer)
  view.setUint32(LOCAL_FLAGS_AT, view.getUint32(LOCAL_FLAGS_AT, true) & ~(ECHO | ICANON | ISIG), true)
  raw[CONTROL_CHARACTERS_AT + VMIN] = 1
  raw[CONTROL_CHARACTERS_AT + VTIME] = 0
  c.tcsetattr(fd, TCSAFLUSH, ffi.ptr(raw))
  return () => void c.tcsetattr(fd, TCSAFLUSH, ffi.ptr(before))
}

/**
 * Takes the variable `name` out of the environment: returns a copy of its bytes, overwrites them in the block the
 * kernel shows in /proc/PID/environ, and removes the name. Undefined when it is not set.
 */
export function takeEnvironment(name: string): Uint8Array | undefined {
  const { ffi, c } = libc()
  const cName = cString(name)
  const address = c.getenv(ffi.ptr(cName))
  if (address === null) return undefined
  const size = Number(c.strlen(address))
  const taken = size === 0 ? new Uint8Array(0) : new Uint8Array(ffi.toArrayBuffer(address, 0, size)).slice()
  delete process.env[name]
  if (size > 0) c.explicit_bzero(address, size)
  c.unsetenv(ffi.ptr(cName))
  return taken
}

/** The bytes of the variable `name` as the C library has them (a JavaScript string cannot hold all), copied. */
export function environmentBytes(name: string): Uint8Array | undefined {
  const { ffi, c } = libc()
  const address = c.getenv(ffi.ptr(cString(name)))
  if (address === null) return undefined
  const size = Number(c.strlen(address))
  return size === 0 ? new Uint8Array(0) : new Uint8Array(ffi.toArrayBuffer(address, 0, size)).slice()
}

const SIGPIPE = 13
const SIGXFSZ = 25

/**
 * Becomes the program `file` (execve(2)): same process, terminal and signals. `environment` holds `NAME=value`
 * entries. Bun ignores SIGPIPE and SIGXFSZ, which exec would hand down, so both are reset first.
 * Returns only on failure, with the errno.
 */
export function execve(
  file: string,
  argv: readonly (string | Uint8Array)[],
  environment: readonly Uint8Array[],
): number {
  const { ffi, c } = libc()
  const alive: Buffer[] = []
  const vector = (entries: readonly (string | Uint8Array)[]): BigUint64Array => {
    const pointers = new BigUint64Array(entries.length + 1)
    entries.forEach((entry, index) => {
      const copy = cString(entry)
      alive.push(copy)
      pointers[index] = BigInt(ffi.ptr(copy))
    })
    return pointers
  }
  const path = cString(file)
  const argumentVector = vector(argv)
  const environmentVector = vector(environment)
  for (const number of [SIGPIPE, SIGXFSZ]) c.signal(number, null)
  if (coreLimit !== undefined) c.setrlimit(RLIMIT_CORE, ffi.ptr(coreLimit))
  c.execve(ffi.ptr(path), ffi.ptr(argumentVector), ffi.ptr(environmentVector))
  const failure = errno()
  for (const copy of alive) copy.fill(0)
  harden()
  return failure
}
