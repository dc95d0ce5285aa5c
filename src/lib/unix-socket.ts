// What the C library and the kernel call the parts of a unix socket, for those who speak to one without an event loop
// (native-socket.ts, native-exchange.ts). Numbers and names only.

/** The functions that a client needs, as bun:ffi describes them. */
export const SOCKET_SYMBOLS = {
  socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  connect: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
  poll: { args: ['ptr', 'u64', 'i32'], returns: 'i32' },
  send: { args: ['i32', 'ptr', 'usize', 'i32'], returns: 'i64' },
  recv: { args: ['i32', 'ptr', 'usize', 'i32'], returns: 'i64' },
  getsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'ptr'], returns: 'i32' },
  close: { args: ['i32'], returns: 'i32' },
} as const

export const AF_UNIX = 1
/** SOCK_STREAM with SOCK_CLOEXEC and SOCK_NONBLOCK. */
export const STREAM = 1 | 0o2000000 | 0o4000
/** sun_path has 108 bytes with its final zero. */
export const MAX_SOCKET_PATH = 107
export const SOL_SOCKET = 1
export const SO_PEERCRED = 17
export const POLLIN = 1
export const POLLOUT = 4
export const MSG_NOSIGNAL = 0x4000

/** struct sockaddr_un for `path`, in UTF-8; undefined for one that is too long or has a zero in it. */
export function addressOf(path: string): Uint8Array | undefined {
  const name = new TextEncoder().encode(path)
  if (name.length > MAX_SOCKET_PATH || name.includes(0)) return undefined
  const address = new Uint8Array(2 + name.length + 1)
  address[0] = AF_UNIX
  address.set(name, 2)
  return address
}

/** struct pollfd: fd i32, events i16, revents i16; little-endian, as every machine this runs on. */
export function pollOf(fd: number, event: number): Int32Array {
  return new Int32Array([fd, event])
}
