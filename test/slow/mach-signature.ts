// Looks whether the signature inside of a Mach-O program fits its bytes (cs_blobs.h): macOS on ARM starts no other.
// It is one without a name, so it says only that the file is whole.
import { createHash } from 'node:crypto'

const LC_CODE_SIGNATURE = 0x1d
const SUPER_BLOB = 0xfade0cc0
const CODE_DIRECTORY = 0xfade0c02

/** How many pages are hashed, and which of them have another hash. Throws when there is no signature with SHA-256. */
export function checkSignature(mach: Buffer): { pages: number; wrong: number[] } {
  const blob = signatureAt(mach)
  if (mach.readUInt32BE(blob) !== SUPER_BLOB) throw new Error('the signature is of another kind')
  for (let index = 0; index < mach.readUInt32BE(blob + 8); index++) {
    const directory = blob + mach.readUInt32BE(blob + 12 + index * 8 + 4)
    if (mach.readUInt32BE(directory) !== CODE_DIRECTORY || mach[directory + 37] !== 2) continue
    const hashes = directory + mach.readUInt32BE(directory + 16)
    const pages = mach.readUInt32BE(directory + 28)
    const limit = mach.readUInt32BE(directory + 32)
    const size = 2 ** (mach[directory + 39] ?? 0)
    const wrong = Array.from({ length: pages }, (_, page) => page).filter((page) => {
      const bytes = mach.subarray(page * size, Math.min((page + 1) * size, limit))
      const found = createHash('sha256').update(bytes).digest()
      return !found.equals(mach.subarray(hashes + page * 32, hashes + (page + 1) * 32))
    })
    return { pages, wrong }
  }
  throw new Error('the signature has no hashes of SHA-256')
}

function signatureAt(mach: Buffer): number {
  let at = 32
  for (let count = mach.readUInt32LE(16); count > 0; count--, at += mach.readUInt32LE(at + 4)) {
    if (mach.readUInt32LE(at) === LC_CODE_SIGNATURE) return mach.readUInt32LE(at + 8)
  }
  throw new Error('the program is not signed')
}
