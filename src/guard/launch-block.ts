// What `run --redact` hands to the process that becomes the program: lists of byte strings in a file in memory. It
// holds values, so the one who reads it empties it; afterwards it carries back why the program could not be started.
import { concat, u32, utf8 } from '../lib/bytes.ts'

/** The word by which main.ts knows that this process is to become a program. No user types it. */
export const LAUNCH_WORD = '--launch'
/** The descriptor of the file in that process. */
export const BLOCK_FD = 3

export interface LaunchBlock {
  /** Path of the program. */
  file: string
  argv: readonly Uint8Array[]
  /** `NAME=value` */
  entries: readonly Uint8Array[]
  /** Name and value of each file in memory to make. */
  files: readonly { name: string; value: Uint8Array }[]
  /** Which descriptor goes where: pairs of decimal numbers. */
  moves: readonly (readonly [from: number, to: number])[]
  /** Settings for the terminal on standard output; empty for none. */
  terminal: Uint8Array
  /** Process number of the one who wrote this. */
  parent: number
}

/** The block as bytes, for the caller to wipe. */
export function printBlock({ file, argv, entries, files, moves, terminal, parent }: LaunchBlock): Uint8Array {
  const lists = [
    [utf8(file)],
    argv,
    entries,
    files.flatMap(({ name, value }) => [utf8(name), value]),
    moves.flat().map(u32),
    [terminal, u32(parent)],
  ]
  return concat(...lists.flatMap((list) => [u32(list.length), ...list.flatMap((item) => [u32(item.length), item])]))
}

/** The block that `bytes` is; its parts are views on them. Throws RangeError when they are something else. */
export function parseBlock(bytes: Uint8Array): LaunchBlock {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 0
  const number = (): number => view.getUint32((at += 4) - 4)
  const item = (): Uint8Array => {
    const size = number()
    if (size > bytes.length - at) throw new RangeError('cut off')
    return bytes.subarray(at, (at += size))
  }
  const list = (): Uint8Array[] => Array.from({ length: Math.min(number(), bytes.length) }, item)
  const value = (part: Uint8Array | undefined): number => Number.parseInt(part?.toHex() ?? '', 16)
  const [[file], argv, entries, files, moves, [terminal, parent]] = [list(), list(), list(), list(), list(), list()]
  if (file === undefined || terminal === undefined) throw new RangeError('cut off')
  return {
    file: decode(file),
    argv,
    entries,
    files: pairs(files).map(([name, content]) => ({ name: decode(name), value: content })),
    moves: pairs(moves).map(([from, to]) => [value(from), value(to)] as const),
    terminal,
    parent: value(parent),
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

function pairs<T>(list: readonly T[]): (readonly [T, T])[] {
  return list.flatMap((first, i) => (i % 2 === 0 && i + 1 < list.length ? [[first, list[i + 1]!] as const] : []))
}
