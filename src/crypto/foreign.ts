// Ciphers and key derivations of other programs' files, for reading them. Nothing of our own is encrypted with these;
// what they take and give is as those formats say, and bounds on the work are the caller's.
import { argon2Sync, createDecipheriv, createHmac, pbkdf2Sync } from 'node:crypto'
import { Failure } from '../lib/errors.ts'
import type { KdfParameters } from './kdf-parameters.ts'

const KEY_SIZE = 32

/** The content of AES-256-GCM with a nonce of any length (NIST SP 800-38D), or undefined when it does not authenticate. */
export function openGcm(
  key: Uint8Array,
  nonce: Uint8Array,
  content: Uint8Array,
  tag: Uint8Array,
  associated: Uint8Array,
): Uint8Array | undefined {
  if (key.length !== KEY_SIZE || nonce.length === 0 || tag.length !== 16) return undefined
  let plain: Uint8Array | undefined
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 })
    decipher.setAAD(associated)
    decipher.setAuthTag(tag)
    plain = new Uint8Array(decipher.update(content))
    decipher.final()
    return plain
  } catch {
    plain?.fill(0)
    return undefined
  }
}

/** The content of AES-256-CBC with PKCS #7 padding, or undefined when the padding is none. Authenticate before. */
export function openCbc(key: Uint8Array, iv: Uint8Array, content: Uint8Array): Uint8Array | undefined {
  try {
    const decipher = createDecipheriv('aes-256-cbc', key, iv)
    const most = decipher.update(content)
    const last = decipher.final()
    const plain = new Uint8Array(most.length + last.length)
    plain.set(most)
    plain.set(last, most.length)
    most.fill(0)
    last.fill(0)
    return plain
  } catch {
    return undefined
  }
}

/** 32 bytes of PBKDF2-HMAC-SHA256 (RFC 8018 section 5.2). */
export function derivePbkdf2(passphrase: Uint8Array, salt: Uint8Array, iterations: number): Uint8Array {
  return new Uint8Array(pbkdf2Sync(passphrase, salt, iterations, KEY_SIZE, 'sha256'))
}

/** 32 bytes of Argon2d or Argon2id, version 1.3 (RFC 9106). Throws `failed` when the memory cannot be had. */
export function deriveArgon2(
  variant: 'argon2d' | 'argon2id',
  passphrase: Uint8Array,
  salt: Uint8Array,
  { memoryKib, passes, lanes }: KdfParameters,
): Uint8Array {
  try {
    const work = { memory: memoryKib, passes, parallelism: lanes, tagLength: KEY_SIZE }
    return new Uint8Array(argon2Sync(variant, { message: passphrase, nonce: salt, ...work }))
  } catch (cause) {
    throw new Failure('failed', 'the key could not be derived from the passphrase', {
      hint: `it takes ${Math.ceil(memoryKib / 1024)} MiB of free memory`,
      cause,
    })
  }
}

/** HKDF-Expand alone, SHA-256 (RFC 5869 section 2.3), at most 32 bytes. */
export function expandKey(key: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  if (length > 32) throw new RangeError('one block has 32 bytes')
  const block = createHmac('sha256', key).update(info).update(Uint8Array.of(1)).digest()
  return new Uint8Array(block.buffer, block.byteOffset, length).slice()
}
