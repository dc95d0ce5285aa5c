// Looks for secrets in the memory of another process (as root) and in a core dump of it.
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'

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

const CHUNK = 8 << 20

/** Every place in the memory of `pid` where a needle lies. Regions that cannot be read (the kernel's own) are left out. */
export function scanMemory(pid: number, needles: readonly Needle[]): { hits: Hit[]; bytes: number } {
  const hits: Hit[] = []
  let bytes = 0
  const fd = openSync(`/proc/${pid}/mem`, 'r')
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
      const region = /^([0-9a-f]+)-([0-9a-f]+) (r...) \S+ \S+ \S+\s*(.*)$/.exec(line)
      if (!region || region[4] === '[vvar]' || region[4] === '[vsyscall]') continue
      const [from, to] = [BigInt(`0x${region[1]}`), BigInt(`0x${region[2]}`)]
      bytes += scanRange(fd, from, to, needles, (name) =>
        hits.push({ name, place: `${region[3]} ${region[4] || 'anonymous'} ${(Number(to - from) / 1024) | 0} KiB` }),
      )
    }
  } finally {
    closeSync(fd)
  }
  return { hits, bytes }
}

/** The same for a file. */
export function scanFile(path: string, needles: readonly Needle[]): { hits: Hit[]; bytes: number } {
  const hits: Hit[] = []
  const fd = openSync(path, 'r')
  try {
    const bytes = scanRange(fd, 0n, 1n << 62n, needles, (name) => hits.push({ name, place: path }))
    return { hits, bytes }
  } finally {
    closeSync(fd)
  }
}

function scanRange(
  fd: number,
  from: bigint,
  to: bigint,
  needles: readonly Needle[],
  hit: (name: string) => void,
): number {
  const overlap = Math.max(...needles.map(({ bytes }) => bytes.length)) - 1
  const buffer = Buffer.alloc(CHUNK + overlap)
  let kept = 0
  let scanned = 0
  for (let at = from; at < to;) {
    const want = Number(to - at < BigInt(CHUNK) ? to - at : BigInt(CHUNK))
    let count = 0
    try {
      count = readSync(fd, buffer, kept, want, at as unknown as number)
    } catch {
      // Not there any more, or not readable.
    }
    if (count === 0) break
    const view = buffer.subarray(0, kept + count)
    for (const { name, bytes } of needles) {
      for (let found = view.indexOf(bytes); found >= 0; found = view.indexOf(bytes, found + 1)) {
        // What lies wholly in the part that was looked at before was told before.
        if (found + bytes.length > kept) hit(name)
      }
    }
    at += BigInt(count)
    scanned += count
    kept = Math.min(overlap, view.length)
    buffer.copyWithin(0, view.length - kept, view.length)
  }
  buffer.fill(0)
  return scanned
}
