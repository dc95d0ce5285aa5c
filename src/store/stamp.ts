// What a process that walked the whole vault file leaves for the next one, so that opening costs what is read and not
// what is there: a line beside the file that says in which state it was found sound. Commits renew it.
//
// A stamp is believed only for the very bytes it was made for: the same file (device, inode), not touched since (size,
// times in nanoseconds; nobody but the kernel can set the time of the last change), in the same transaction. It names the
// run of this machine, a random number that the kernel drew when it started, so none comes with a copied folder or a
// foreign disk, and what a disk does while the machine is off is looked for again. Whoever could write a false one here,
// now, as this user, can do everything that this user can. What is missing or does not match means the whole walk.
// Read and write stamps with the lock on the vault file held (swap.ts), else somebody commits in between.
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync, rmSync, writeSync } from 'node:fs'
import { transactionsOf } from './meta.ts'

const BOOT_ID = '/proc/sys/kernel/random/boot_id'
/** Of every stamp: filled up with blanks, so that a new one covers the old one in one write. */
const BYTES = 256

export const stampPath = (path: string): string => `${path}-checked`

/** Whether the open file `fd`, which is the vault at `path`, is in a state that was walked. Never throws. */
export function isStamped(path: string, fd: number): boolean {
  try {
    const now = describe(fd)
    return now !== undefined && now === read(stampPath(path))
  } catch {
    return false
  }
}

/** Says that the open file `fd`, the vault at `path`, is sound as it is now. Where that cannot be written nothing is lost. */
export function stamp(path: string, fd: number): void {
  try {
    const now = describe(fd)
    if (now !== undefined) write(stampPath(path), now)
  } catch {
    // A folder that may not be written, a full disk: the next one walks.
  }
}

let boot: string | undefined

/** The state of the file in one line, or undefined where the kernel tells no number of its run. */
function describe(fd: number): string | undefined {
  try {
    boot ??= readFileSync(BOOT_ID, 'latin1').trim()
  } catch {
    boot = ''
  }
  if (!/^[0-9a-f-]{36}$/.test(boot)) return undefined
  const { dev, ino, size, mtimeNs, ctimeNs } = fstatSync(fd, { bigint: true })
  const line = `walked 1 ${boot} ${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs} ${transactionsOf(fd).join(' ')}`
  return `${line.padEnd(BYTES - 1)}\n`
}

function read(path: string): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const bytes = Buffer.alloc(BYTES)
    return bytes.toString('latin1', 0, readSync(fd, bytes, 0, BYTES, 0))
  } finally {
    closeSync(fd)
  }
}

function write(path: string, line: string): void {
  let fd: number
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK
  try {
    fd = openSync(path, flags, 0o600)
  } catch {
    // Somebody else's, after a command as root.
    rmSync(path, { force: true })
    fd = openSync(path, flags, 0o600)
  }
  try {
    // A second name for some other file is not written through.
    const stats = fstatSync(fd)
    if (stats.isFile() && stats.nlink === 1) writeSync(fd, line, 0, 'latin1')
  } finally {
    closeSync(fd)
  }
}
