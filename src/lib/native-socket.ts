// Unix sockets without an event loop: a client that asks the agent one thing and waits for the answer. Loading node:net
// costs more than the whole exchange takes, and the vault's methods are synchronous. Every call has a deadline.
import { EAGAIN, EINTR, errno, nativeLibrary } from './native-library.ts'
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

const libc = nativeLibrary(SOCKET_SYMBOLS)

const RECEIVE_BYTES = 65_536

export interface Peer {
  pid: number
  uid: number
  gid: number
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
    const address = addressOf(path)
    if (!address) throw new RangeError('the path of the socket is too long')
    const fd = c.socket(AF_UNIX, STREAM, 0)
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
