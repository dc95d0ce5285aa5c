// The second process of `run --redact`, between its start and the program that it becomes: takes the block it was
// given, ties its life to its parent's, puts streams in place, and is gone. It prints nothing: the parent tells.
import { writeSync } from 'node:fs'
import { concat, u32, utf8 } from '../lib/bytes.ts'
import { FAILURES } from '../lib/errors.ts'
import { execve, harden } from '../lib/native.ts'
import { closeOnExec, dieWithParent, moveDescriptor, setTerminal } from '../lib/native-terminal.ts'
import { err } from '../lib/out.ts'
import { Secret } from '../lib/secret.ts'
import { takeBlock } from './block-file.ts'
import { BLOCK_FD, parseBlock } from './launch-block.ts'
import type { LaunchBlock } from './launch-block.ts'
import { memoryFile } from './memory-file.ts'

const STDOUT = 1

const FAILED = 126

/** Becomes the program of the block in descriptor 3, or leaves the errno of the attempt in it and returns 126. */
export async function launch(): Promise<number> {
  harden()
  const bytes = takeBlock()
  if (bytes === undefined) {
    err('Error: this word is for tvault itself\nhint: tvault run --redact -- PROGRAM\n')
    return FAILURES.usage.exit
  }
  try {
    const block = parseBlock(bytes)
    closeOnExec(BLOCK_FD)
    dieWithParent()
    // It may have ended before it could take us with it.
    if (process.ppid !== block.parent) return FAILED
    if (block.terminal.length > 0) setTerminal(STDOUT, block.terminal)
    for (const [from, to] of block.moves) moveDescriptor(from, to)
    const errno = await become(block)
    writeSync(BLOCK_FD, u32(errno), 0, 4, 0)
  } finally {
    bytes.fill(0)
  }
  return FAILED
}

async function become({ file, argv, entries, files }: LaunchBlock): Promise<number> {
  const extra: Uint8Array[] = []
  for (const { name, value } of files) {
    const secret = new Secret(new Uint8Array(value))
    const { path } = await memoryFile(name, secret)
    secret.wipe()
    extra.push(concat(utf8(`${name}=`), utf8(path)))
  }
  return execve(file, argv, [...entries, ...extra])
}
