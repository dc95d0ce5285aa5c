// A passphrase that came in the environment stays in the runtime's own copy of it, which nobody can wipe. A command that
// stays for hours therefore becomes itself again (execve(2): same process, new memory), with what was taken out of the
// environment in a file in memory. A door: the values are written into that file.
import { closeSync, fstatSync, ftruncateSync, readFileSync, readSync, readlinkSync, writeSync } from 'node:fs'
import { concat, ownCopy, utf8 } from '../lib/bytes.ts'
import { HANDED_OVER } from '../lib/environment.ts'
import { environmentBytes, execve, memfd } from '../lib/native.ts'
import type { Environment } from '../lib/paths.ts'
import { Secret } from '../lib/secret.ts'

const FILE_NAME = 'tvault-taken'
const MAX_BYTES = 65_536
const ZERO = 0

/** Becomes this program again with `taken`, which is not wiped. Returns only when the system refuses. */
export function startAnew(taken: Iterable<readonly [string, Secret]>, environment: Environment): void {
  let fd: number | undefined
  try {
    fd = memfd(FILE_NAME, { inherited: true })
    for (const [name, value] of taken) {
      const end = Uint8Array.of(ZERO)
      for (const bytes of [utf8(`${name}=`), value.reveal(), end]) writeSync(fd, bytes)
    }
    const names = Object.keys(environment).filter((name) => name !== HANDED_OVER)
    const entries = names.map((name) =>
      concat(utf8(`${name}=`), environmentBytes(name) ?? utf8(environment[name] ?? '')),
    )
    const words = readFileSync('/proc/self/cmdline', 'latin1').split('\0').slice(0, -1)
    const argv = words.map((word) => Uint8Array.from(Buffer.from(word, 'latin1')))
    execve(readlinkSync('/proc/self/exe'), argv, [...entries, utf8(`${HANDED_OVER}=${fd}`)])
  } catch {
    // Not on this system: what the environment held stays where it was.
  }
  if (fd !== undefined) closeSync(fd)
}

/** What `startAnew` handed to this process, which then has the only copy; undefined when it handed nothing. */
export function handedOver(environment: Environment): [string, Secret][] | undefined {
  const fd = Number(environment[HANDED_OVER] ?? '-1')
  delete process.env[HANDED_OVER]
  if (!Number.isSafeInteger(fd) || fd < 3) return undefined
  const bytes = contents(fd)
  if (!bytes) return undefined
  const found: [string, Secret][] = []
  for (let at = 0; at < bytes.length;) {
    const [equals, end] = [bytes.indexOf(0x3d, at), bytes.indexOf(ZERO, at)]
    if (equals < at || end < equals) break
    found.push([
      Buffer.from(bytes.subarray(at, equals)).toString(),
      new Secret(ownCopy(bytes.subarray(equals + 1, end))),
    ])
    at = end + 1
  }
  bytes.fill(0)
  return found
}

/** The bytes of the file in memory `fd`, which is emptied; undefined for any other file. */
function contents(fd: number): Uint8Array | undefined {
  try {
    if (!readlinkSync(`/proc/self/fd/${fd}`).startsWith(`/memfd:${FILE_NAME}`)) return undefined
    const { size } = fstatSync(fd)
    const bytes = new Uint8Array(new ArrayBuffer(Math.min(size, MAX_BYTES)))
    const count = readSync(fd, bytes, 0, bytes.length, 0)
    ftruncateSync(fd, 0)
    closeSync(fd)
    return bytes.subarray(0, count)
  } catch {
    return undefined
  }
}
