// Backup: one consistent compact copy, taken while others go on writing, read back before it is called done.
import { closeSync, openSync, readSync } from 'node:fs'
import { Failure } from '../lib/errors.ts'
import { verifyStructure } from './verify.ts'
import type { Session } from './session.ts'

const CHUNK_BYTES = 1 << 20

/**
 * Writes the copy to `path` and checks its structure; `sha256` is over the file as it lies on disk, in hex. Throws
 * `conflict` when `path` exists and `overwrite` is not set, `corrupt` when the copy is not this vault.
 */
export async function backupVault(
  session: Session,
  path: string,
  options: { overwrite: boolean },
): Promise<{ bytes: number; secrets: number; sha256: string }> {
  await session.store.copyTo(path, options)
  const secrets = await countCopied(session, path)
  return { ...digest(path), secrets }
}

async function countCopied(session: Session, path: string): Promise<number> {
  const copy = await session.options.openCopy?.(path)
  if (!copy) return session.store.snapshot((reader) => reader.count('secrets'))
  try {
    const structure = copy.snapshot(verifyStructure)
    if (structure.vaultId === session.header.vaultId) return structure.secrets
    throw new Failure('corrupt', 'the backup is not a copy of this vault')
  } finally {
    await copy.close()
  }
}

function digest(path: string): { bytes: number; sha256: string } {
  const hash = new Bun.CryptoHasher('sha256')
  const chunk = new Uint8Array(CHUNK_BYTES)
  const fd = openSync(path, 'r')
  let bytes = 0
  try {
    for (let read = readSync(fd, chunk); read > 0; read = readSync(fd, chunk)) {
      hash.update(chunk.subarray(0, read))
      bytes += read
    }
  } finally {
    closeSync(fd)
  }
  return { bytes, sha256: hash.digest('hex') }
}
