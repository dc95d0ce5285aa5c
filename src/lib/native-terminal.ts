// What the kernel offers for a program that stands between a terminal and another program: raw mode, process groups,
// descriptors that move, pipes, and a child that dies with its parent. Importing this file costs nothing.
import { nativeLibrary } from './native-library.ts'

const SYMBOLS = {
  tcgetattr: { args: ['i32', 'ptr'], returns: 'i32' },
  tcsetattr: { args: ['i32', 'i32', 'ptr'], returns: 'i32' },
  cfmakeraw: { args: ['ptr'], returns: 'void' },
  tcgetpgrp: { args: ['i32'], returns: 'i32' },
  getpgrp: { args: [], returns: 'i32' },
  pipe2: { args: ['ptr', 'i32'], returns: 'i32' },
  dup2: { args: ['i32', 'i32'], returns: 'i32' },
  fcntl: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  prctl: { args: ['i32', 'u64', 'u64', 'u64', 'u64'], returns: 'i32' },
} as const

const libc = nativeLibrary(SYMBOLS)

// struct termios of Linux: c_oflag is a u32 at offset 4.
const TERMIOS_SIZE = 60
const OUTPUT_FLAGS_AT = 4
const OPOST = 1
const TCSADRAIN = 1

/** The settings of the terminal on `fd` as the kernel keeps them, or undefined when it is none. */
export function terminalSettings(fd: number): Uint8Array | undefined {
  const { ffi, c } = libc()
  const settings = new Uint8Array(TERMIOS_SIZE)
  return c.tcgetattr(fd, ffi.ptr(settings)) === 0 ? settings : undefined
}

/** Gives the terminal on `fd` these settings, after what was written has been shown. */
export function setTerminal(fd: number, settings: Uint8Array): void {
  const { ffi, c } = libc()
  c.tcsetattr(fd, TCSADRAIN, ffi.ptr(settings))
}

/** A copy of `settings` in which every byte passes as it is, in both directions, and no key makes a signal. */
export function rawSettings(settings: Uint8Array): Uint8Array {
  const { ffi, c } = libc()
  const raw = settings.slice()
  c.cfmakeraw(ffi.ptr(raw))
  return raw
}

/** A copy of `settings` in which what is written is not changed: for a terminal behind which another one changes it. */
export function withoutOutputChanges(settings: Uint8Array): Uint8Array {
  const changed = settings.slice()
  const view = new DataView(changed.buffer)
  view.setUint32(OUTPUT_FLAGS_AT, view.getUint32(OUTPUT_FLAGS_AT, true) & ~OPOST, true)
  return changed
}

/** Whether our process group is the one that the terminal on `fd` listens to and sends its signals to. */
export function isForeground(fd: number): boolean {
  const { c } = libc()
  return c.tcgetpgrp(fd) === c.getpgrp()
}

const O_CLOEXEC = 0o2000000

/** A pipe whose ends are closed on exec. */
export function makePipe(): { readEnd: number; writeEnd: number } {
  const { ffi, c } = libc()
  const ends = new Int32Array(2)
  if (c.pipe2(ffi.ptr(ends), O_CLOEXEC) !== 0) throw new Error('pipe2 failed')
  return { readEnd: ends[0]!, writeEnd: ends[1]! }
}

const F_DUPFD_CLOEXEC = 1030

/** Another descriptor of what `fd` is, not below 3 and closed on exec. */
export function duplicate(fd: number): number {
  const other = libc().c.fcntl(fd, F_DUPFD_CLOEXEC, 3)
  if (other < 0) throw new Error('fcntl failed')
  return other
}

const F_SETFD = 2
const FD_CLOEXEC = 1

/** Closes `fd` when this process becomes another program. */
export function closeOnExec(fd: number): void {
  libc().c.fcntl(fd, F_SETFD, FD_CLOEXEC)
}

/** Puts descriptor `from` in the place of `to`, which stays open on exec. */
export function moveDescriptor(from: number, to: number): void {
  if (libc().c.dup2(from, to) !== to) throw new Error('dup2 failed')
  closeOnExec(from)
}

const PR_SET_PDEATHSIG = 1
const SIGKILL = 9

/** Has the kernel kill this process when its parent ends. It stays so after execve(2), unless that changes the user. */
export function dieWithParent(): void {
  libc().c.prctl(PR_SET_PDEATHSIG, BigInt(SIGKILL), 0n, 0n, 0n)
}
