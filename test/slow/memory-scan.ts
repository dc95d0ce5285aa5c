// Looks for secrets in the memory of another process (as root) and in a core dump of it. Pages that were never touched are
// not read: reading them would make them, gigabytes of them.
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { dlopen } from 'bun:ffi'

/** Something that must not be found, by a name that may be printed. */
export interface Needle {
  name: string
  bytes: Uint8Array
}

export interface Hit {
  name: string
  /** Where: the line of /proc/PID/maps, shortened, or the file. */
  place: string
}

export interface Found {
  hits: Hit[]
  /** How much was looked at. */
  bytes: number
}

const PAGE = 4096
const CHUNK = 4 << 20
/** Bits of an entry of /proc/PID/pagemap, in its highest byte. */
const PRESENT_OR_SWAPPED = 0xc0
const SEEK_DATA = 3
const SEEK_HOLE = 4

/** Every place in the memory of `pid` where a needle lies. */
export function scanMemory(pid: number, needles: readonly Needle[]): Found {
  const found: Found = { hits: [], bytes: 0 }
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  const pagemap = openSync(`/proc/${pid}/pagemap`, 'r')
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
      const region = /^([0-9a-f]+)-([0-9a-f]+) (r...) \S+ \S+ \S+\s*(.*)$/.exec(line)
      if (!region || ['[vvar]', '[vvar_vclock]', '[vsyscall]'].includes(region[4] ?? '')) continue
      const [from, to] = [Number.parseInt(region[1]!, 16), Number.parseInt(region[2]!, 16)]
      const place = `${region[3]} ${region[4] || 'anonymous'} at ${region[1]}`
      for (const run of presentRuns(pagemap, from, to)) scan(memory, run, place, needles, found)
    }
  } finally {
    closeSync(memory)
    closeSync(pagemap)
  }
  return found
}

/** The same for a file, without its holes. */
export function scanFile(path: string, needles: readonly Needle[]): Found {
  const found: Found = { hits: [], bytes: 0 }
  const fd = openSync(path, 'r')
  const { lseek } = dlopen('libc.so.6', { lseek: { args: ['i32', 'i64', 'i32'], returns: 'i64' } }).symbols
  try {
    for (let from = Number(lseek(fd, 0n, SEEK_DATA)); from >= 0;) {
      const to = Number(lseek(fd, BigInt(from), SEEK_HOLE))
      scan(fd, [from, to], path, needles, found)
      from = Number(lseek(fd, BigInt(to), SEEK_DATA))
    }
  } finally {
    closeSync(fd)
  }
  return found
}

/** Runs of touched pages between two addresses. */
function* presentRuns(pagemap: number, from: number, to: number): Generator<[number, number]> {
  const entries = Buffer.alloc(8 * 4096)
  let begin: number | undefined
  for (let address = from; address < to;) {
    const want = Math.min(entries.length, ((to - address) / PAGE) * 8)
    const count = readSync(pagemap, entries, 0, want, (address / PAGE) * 8)
    if (count === 0) break
    for (let at = 0; at < count; at += 8, address += PAGE) {
      const present = (entries[at + 7]! & PRESENT_OR_SWAPPED) !== 0
      if (present) begin ??= address
      else if (begin !== undefined) {
        yield [begin, address]
        begin = undefined
      }
    }
  }
  if (begin !== undefined) yield [begin, to]
}

function scan(fd: number, [from, to]: [number, number], place: string, needles: readonly Needle[], found: Found): void {
  const overlap = Math.max(...needles.map(({ bytes }) => bytes.length)) - 1
  const buffer = Buffer.alloc(Math.min(CHUNK, to - from) + overlap)
  let kept = 0
  for (let at = from; at < to;) {
    let count = 0
    try {
      count = readSync(fd, buffer, kept, Math.min(buffer.length - kept, to - at), at)
    } catch {
      // Not there any more, or not readable.
    }
    if (count === 0) break
    const view = buffer.subarray(0, kept + count)
    for (const { name, bytes } of needles) {
      for (let hit = view.indexOf(bytes); hit >= 0; hit = view.indexOf(bytes, hit + 1)) {
        // What lies wholly in the part that was looked at before was told before.
        if (hit + bytes.length > kept) found.hits.push({ name, place })
      }
    }
    at += count
    found.bytes += count
    kept = Math.min(overlap, view.length)
    buffer.copyWithin(0, view.length - kept, view.length)
  }
  buffer.fill(0)
}
