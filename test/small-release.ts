// Releases for tests, signed with a key of their own: the program in them is a script that says its version.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tarGz } from '../scripts/release/archive.ts'
import { hostPlatform } from '../scripts/platforms.ts'
import { printPublicKey, SigningKey } from '../src/crypto/minisign.ts'
import { utf8 } from '../src/lib/bytes.ts'
import { archiveName } from '../src/lib/release.ts'

export const KEY = SigningKey.generate()
export const PUBLIC_KEY = printPublicKey(KEY.publicKey)

export interface Wish {
  version: string
  platform?: string
  /** The program. */
  text?: string
  /** More files, by their names in the archive. */
  more?: Record<string, string>
  /** What is done to the bytes between signing and serving. */
  spoil?: { archive?: (bytes: Uint8Array) => Uint8Array; sums?: (text: string) => string }
  key?: SigningKey
}

/** A program that is nothing but its version, and does `more` before it says it. */
export function program(version: string, more = ''): string {
  return `#!/bin/sh\n${more}echo "tvault ${version} (commit test, test)"\n`
}

/** Puts a release into `folder`, in place of what was there, and returns the name of its archive. */
export function publish(folder: string, wish: Wish): string {
  const { version, platform = hostPlatform().name, text = program(version), more = {}, spoil = {}, key = KEY } = wish
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const name = archiveName(version, platform)
  const inside = name.replace('.tar.gz', '')
  const files = Object.entries({ 'bin/tvault': text, ...more }).map(([path, content]) => {
    return { name: `${inside}/${path}`, bytes: utf8(content), mode: path.startsWith('bin/') ? 0o755 : 0o644 }
  })
  const archive = tarGz(files, 0)
  const sums = `${new Bun.CryptoHasher('sha256').update(archive).digest('hex')}  ${name}\n`
  writeFileSync(join(folder, name), spoil.archive?.(archive) ?? archive)
  writeFileSync(join(folder, 'SHA256SUMS'), spoil.sums?.(sums) ?? sums)
  writeFileSync(join(folder, 'SHA256SUMS.minisig'), key.sign(utf8(sums), `tinyvault ${version}`))
  return name
}

/** One bit in the middle is another. */
export function flip(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice()
  copy[copy.length >> 1]! ^= 1
  return copy
}

/** Another hash in front. */
export function otherHash(text: string): string {
  return text.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))
}
