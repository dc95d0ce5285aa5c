// System calls as a hostile program makes them: by number, with no library that asks politely first.
import { constants } from 'node:os'
import { dlopen, ptr, read } from 'bun:ffi'
import { JUDGED, REFUSED, numberOf } from '../../src/guard/system-calls.ts'

const { symbols } = dlopen('libc.so.6', {
  syscall: { args: ['i64', 'i64', 'i64', 'i64', 'i64', 'i64', 'i64'], returns: 'i64' },
  __errno_location: { args: [], returns: 'ptr' },
})

const architecture = process.arch === 'arm64' ? 'arm64' : 'x64'

/** Numbers that the product has no use for, [x86-64, ARM]. */
const OTHERS = {
  connect: [42, 203],
  bind: [49, 200],
  close: [3, 57],
  kill: [62, 129],
  tgkill: [234, 131],
  wait4: [61, 260],
  exit_group: [231, 94],
  setpriority: [141, 140],
  name_to_handle_at: [303, 264],
  renameat2: [316, 276],
  pidfd_open: [434, 434],
  pidfd_send_signal: [424, 424],
  prctl: [157, 167],
  memfd_create: [319, 279],
} as const

/** Of system calls on this machine, by name. */
export const numbers = new Map<string, number>(
  Object.entries({ ...Object.assign({}, ...REFUSED.map(({ calls }) => calls)), ...JUDGED, ...OTHERS }).flatMap(
    ([name, both]) => {
      const number = numberOf(both as [number, number], architecture)
      return number === undefined ? [] : [[name, number] as const]
    },
  ),
)

export const errnoNames = new Map(Object.entries(constants.errno).map(([name, number]) => [number, name]))

type Argument = number | string | Uint8Array | BigUint64Array | Int32Array

/** What the kernel answers, or the name of the error. */
export function call(name: string, ...args: readonly Argument[]): { value: number; error: string | undefined } {
  const number = numbers.get(name)
  if (number === undefined) return { value: -1, error: 'ENOSYS' }
  const alive = args.map((arg) => (typeof arg === 'string' ? Buffer.from(`${arg}\0`) : arg))
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = alive.map((arg) =>
    typeof arg === 'number' ? arg : arg.byteLength === 0 ? 0 : Number(ptr(arg)),
  )
  const value = Number(symbols.syscall(number, a, b, c, d, e, f))
  if (value !== -1) return { value, error: undefined }
  const code = read.i32(symbols.__errno_location()!)
  return { value, error: errnoNames.get(code) ?? `errno ${code}` }
}

/** Where `bytes` lie; the caller keeps them alive. */
export function addressOf(bytes: Uint8Array): bigint {
  return BigInt(ptr(bytes))
}

/** struct sockaddr_un; a name that begins with @ is an abstract one. */
export function unixAddress(path: string): Uint8Array {
  const name = Buffer.from(path.startsWith('@') ? `\0${path.slice(1)}` : `${path}\0`)
  return Buffer.concat([Buffer.of(1, 0), name])
}

/** struct sockaddr_in or sockaddr_in6 of the loopback address. */
export function loopback(port: number, version: 4 | 6 = 4): Uint8Array {
  const address = Buffer.alloc(version === 4 ? 16 : 28)
  address.writeUInt16LE(version === 4 ? 2 : 10, 0)
  address.writeUInt16BE(port, 2)
  if (version === 4) address.set([127, 0, 0, 1], 4)
  else address[23] = 1
  return address
}
