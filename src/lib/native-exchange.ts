// One exchange over a unix socket, and what else `get` needs of the C library when an agent has the value. A process that
// lives for twenty milliseconds runs every line for the first time, so this is one straight line, with symbols of its own;
// for everything else there are native-socket.ts and native.ts.
import { EAGAIN, EINTR, LIBC } from './native-library.ts'
import {
  AF_UNIX,
  MSG_NOSIGNAL,
  POLLIN,
  POLLOUT,
  SOCKET_SYMBOLS,
  SOL_SOCKET,
  SO_PEERCRED,
  STREAM,
  addressOf,
  pollOf,
} from './unix-socket.ts'

const SYMBOLS = {
  __errno_location: { args: [], returns: 'ptr' },
  ...SOCKET_SYMBOLS,
  geteuid: { args: [], returns: 'u32' },
  write: { args: ['i32', 'ptr', 'usize'], returns: 'i64' },
  isatty: { args: ['i32'], returns: 'i32' },
  prctl: { args: ['i32', 'u64', 'u64', 'u64', 'u64'], returns: 'i32' },
} as const

type Ffi = typeof import('bun:ffi')
let ffi: Ffi
let c: import('bun:ffi').Library<typeof SYMBOLS>['symbols'] | undefined

function load(): NonNullable<typeof c> {
  ffi ??= require('bun:ffi')
  return (c ??= ffi.dlopen(LIBC, SYMBOLS).symbols)
}

const PR_SET_DUMPABLE = 4
/** Both heads, and a value as secrets usually are. */
const ROOM_BYTES = 4096
/** A value that is longer is asked for in another way. */
const MOST_BYTES = 1 << 26

/** Whether `fd` is a terminal. */
export function isTerminal(fd: number): boolean {
  return load().isatty(fd) === 1
}

/** Closes this process to others of the same user, like `harden` in native.ts. */
export function closeToOthers(): void {
  load().prctl(PR_SET_DUMPABLE, 0n, 0n, 0n, 0n)
}

/**
 * Writes `bytes` to `fd`, waiting as long as whoever reads it needs, and returns how many it took: fewer when it takes
 * no more.
 */
export function writeTo(fd: number, bytes: Uint8Array): number {
  const c = load()
  let at = 0
  while (at < bytes.length) {
    const written = Number(c.write(fd, ffi.ptr(bytes, at), bytes.length - at))
    if (written > 0) at += written
    else {
      const code = written === 0 ? 0 : ffi.read.i32(c.__errno_location()!)
      if (code !== EAGAIN && code !== EINTR) break
      c.poll(ffi.ptr(pollOf(fd, POLLOUT)), 1n, -1)
    }
  }
  return at
}

/**
 * Says `message` to whoever of this user listens at `path`, and reads the answer into memory of its own, which is zeroed
 * at the end. `look` sees it each time more has come and returns until when it waits for more (performance.now()), `yes`
 * when that was all, or `no`. Returns the open connection after a `yes`, `late` after a deadline, else undefined.
 */
export function exchange(
  path: string,
  message: Uint8Array,
  until: number,
  look: (bytes: Uint8Array, size: number) => number | 'yes' | 'no',
): number | 'late' | undefined {
  const c = load()
  const address = addressOf(path)
  if (!address) return undefined
  const fd = c.socket(AF_UNIX, STREAM, 0)
  if (fd < 0) return undefined
  let bytes = new Uint8Array(new ArrayBuffer(ROOM_BYTES))
  let [size, sent] = [0, 0]
  let answer: number | 'yes' | 'no' = 'no'
  try {
    if (c.connect(fd, ffi.ptr(address), address.length) !== 0) return undefined
    // struct ucred, and its size: pid, uid, gid.
    const peer = new Int32Array([0, -1, 0, 12])
    if (c.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ffi.ptr(peer), ffi.ptr(peer, 12)) !== 0) return undefined
    if (peer[3] !== 12 || peer[1] !== c.geteuid()) return undefined
    for (answer = until; typeof answer === 'number';) {
      const talking = sent < message.length
      const left = Math.ceil(answer - performance.now())
      if (left <= 0 || c.poll(ffi.ptr(pollOf(fd, talking ? POLLOUT : POLLIN)), 1n, left) === 0) return 'late'
      const rest = talking ? message.length - sent : bytes.length - size
      const done = talking
        ? Number(c.send(fd, ffi.ptr(message, sent), rest, MSG_NOSIGNAL))
        : Number(c.recv(fd, ffi.ptr(bytes, size), rest, 0))
      if (done <= 0) {
        const code = done === 0 ? 0 : ffi.read.i32(c.__errno_location()!)
        if (code !== EAGAIN && code !== EINTR) return undefined
      } else if (talking) sent += done
      else {
        size += done
        answer = look(bytes, size)
        if (size < bytes.length || answer === 'yes') continue
        if (size >= MOST_BYTES) return undefined
        const more = new Uint8Array(new ArrayBuffer(4 * size))
        more.set(bytes)
        bytes.fill(0)
        bytes = more
      }
    }
  } finally {
    bytes.fill(0)
    if (answer !== 'yes') c.close(fd)
  }
  return answer === 'yes' ? fd : undefined
}

/** Says one last thing on `fd`, if it can be said at once, and hangs up. */
export function sayAndClose(fd: number, message: Uint8Array): void {
  load().send(fd, ffi.ptr(message), message.length, MSG_NOSIGNAL)
  load().close(fd)
}
