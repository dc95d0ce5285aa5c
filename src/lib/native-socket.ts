// Unix sockets without an event loop: a client that asks the agent one thing and waits for the answer. Loading node:net
// costs more than the whole exchange takes, and the vault's methods are synchronous. Every call has a deadline.
import { errno, nativeLibrary } from './native-library.ts'

const SYMBOLS = {
  socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  connect: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
  poll: { args: ['ptr', 'u64', 'i32'], returns: 'i32' },
  send: { args: ['i32', 'ptr', 'usize', 'i32'], returns: 'i64' },
  recv: { args: ['i32', 'ptr', 'usize', 'i32'], returns: 'i64' },
  getsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'ptr'], returns: 'i32' },
  close: { args: ['i32'], returns: 'i32' },
} as const

const libc = nativeLibrary(SYMBOLS)

const AF_UNIX = 1
const SOCK_STREAM = 1
const SOCK_CLOEXEC = 0o2000000
const SOCK_NONBLOCK = 0o4000
/** sun_path has 108 bytes with its final zero. */
export const MAX_SOCKET_PATH = 107
const SOL_SOCKET = 1
const SO_PEERCRED = 17
const POLLIN = 1
const POLLOUT = 4
const MSG_NOSIGNAL = 0x4000
const EAGAIN = 11
const EINTR = 4
const RECEIVE_BYTES = 65_536

export interface Peer {
  pid: number
  uid: number
  gid: number
}

/** struct pollfd: fd i32, events i16, revents i16. */
function pollOf(fd: number, event: number): Uint8Array {
  const poll = new Uint8Array(8)
  const view = new DataView(poll.buffer)
  view.setInt32(0, fd, true)
  view.setInt16(4, event, true)
  return poll
}

/** Who is at the other end of connected socket `fd`, as the kernel says; undefined when it does not. */
export function peerOf(fd: number): Peer | undefined {
  const { ffi, c } = libc()
  const credentials = new Int32Array(3)
  const size = new Uint32Array([12])
  if (c.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ffi.ptr(credentials), ffi.ptr(size)) !== 0 || size[0] !== 12)
    return undefined
  // The pid is 0 for a process that this one cannot see, in another container; its uid is known all the same.
  const [pid = -1, uid = -1, gid = -1] = credentials
  return pid >= 0 && uid >= 0 ? { pid, uid, gid } : undefined
}

/** The connection is of no use any more: closed by the other end, or silent beyond the deadline. */
export class Broken extends Error {
  readonly late: boolean

  constructor(message: string, late: boolean) {
    super(message)
    this.late = late
  }
}

/** One connection to the unix socket at a path. Not for two threads of thought: ask, then read the answer. */
export class UnixConnection {
  readonly #fd: number
  #open = true

  /**
   * Connects at once or not at all: `nobody` listens there, or whoever does takes none at the moment (`full`). Throws
   * RangeError for a path that is too long.
   */
  static to(path: string): UnixConnection | 'nobody' | 'full' {
    const { ffi, c } = libc()
    const name = new TextEncoder().encode(path)
    if (name.length > MAX_SOCKET_PATH || name.includes(0)) throw new RangeError('the path of the socket is too long')
    const address = new Uint8Array(2 + name.length + 1)
    address[0] = AF_UNIX
    address.set(name, 2)
    const fd = c.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)
    if (fd < 0) return 'full'
    // A full queue of an agent that hangs is EAGAIN at once, because the socket does not wait.
    if (c.connect(fd, ffi.ptr(address), address.length) === 0) return new UnixConnection(fd)
    const code = errno()
    c.close(fd)
    return code === EAGAIN ? 'full' : 'nobody'
  }

  private constructor(fd: number) {
    this.#fd = fd
  }

  get peer(): Peer | undefined {
    return peerOf(this.#fd)
  }

  /** Sends all of `bytes` before `deadline` (performance.now()). Throws Broken. */
  send(bytes: Uint8Array, deadline: number): void {
    const { ffi, c } = libc()
    for (let at = 0; at < bytes.length;) {
      const rest = bytes.subarray(at)
      const sent = Number(c.send(this.#fd, ffi.ptr(rest), rest.length, MSG_NOSIGNAL))
      if (sent > 0) at += sent
      else this.#await(POLLOUT, deadline, sent < 0 ? errno() : EAGAIN)
    }
  }

  /** Whatever has come, at least one byte; empty when the other end has closed. Throws like `send`. */
  receive(deadline: number): Uint8Array {
    const { ffi, c } = libc()
    const buffer = new Uint8Array(RECEIVE_BYTES)
    // Also where there is always something: who only talks must not hold us for ever.
    if (performance.now() > deadline) throw new Broken('no answer in time', true)
    for (;;) {
      const size = Number(c.recv(this.#fd, ffi.ptr(buffer), buffer.length, 0))
      if (size >= 0) return buffer.subarray(0, size)
      this.#await(POLLIN, deadline, errno())
    }
  }

  /** Harmless when it is closed. */
  close(): void {
    if (this.#open) libc().c.close(this.#fd)
    this.#open = false
  }

  #await(event: number, deadline: number, code: number): void {
    if (code !== EAGAIN && code !== EINTR) throw new Broken('the connection was closed', false)
    const { ffi, c } = libc()
    const left = Math.ceil(deadline - performance.now())
    if (left > 0 && c.poll(ffi.ptr(pollOf(this.#fd, event)), 1n, left) !== 0) return
    throw new Broken('no answer in time', true)
  }
}
