// Every AEAD of our two suites that is at hand, behind one interface: for the contract suite, and for benches.
import sodium from 'libsodium-wrappers'
import { NONCE_SIZE, TAG_SIZE, sealWithNonce, unseal } from '../../src/crypto/aead.ts'
import { concat } from '../../src/lib/bytes.ts'
import { chacha20Poly1305Seal, chacha20Poly1305Unseal } from '../reference/chacha20.ts'
import type { Suite } from '../../src/crypto/aead.ts'

type Answer<T> = T | Promise<T>

export interface Aead {
  name: string
  suite: Suite
  /** The longest text it is asked for. */
  most: number
  /** Cipher text ‖ tag. */
  seal(key: Uint8Array, nonce: Uint8Array, text: Uint8Array, associated: Uint8Array): Answer<Uint8Array>
  /** The text, or undefined when the tag is wrong. */
  unseal(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, associated: Uint8Array): Answer<Uint8Array | undefined>
}

function ours(suite: Suite, name: string): Aead {
  return {
    name,
    suite,
    most: Infinity,
    seal: (key, nonce, text, associated) => sealWithNonce(suite, key, nonce, text, associated).subarray(NONCE_SIZE),
    unseal: (key, nonce, sealed, associated) => unseal(suite, key, concat(nonce, sealed), associated),
  }
}

/** What the product uses. */
export const OUR_AEADS: readonly Aead[] = [
  ours('chacha20-poly1305', 'wasm core'),
  ours('aes-256-gcm', 'node:crypto, through aead.ts'),
]

const twin: Aead = {
  name: 'the twin in test/reference',
  suite: 'chacha20-poly1305',
  most: 5000,
  seal: chacha20Poly1305Seal,
  unseal: chacha20Poly1305Unseal,
}

async function libsodium(): Promise<Aead> {
  await sodium.ready
  return {
    name: 'libsodium-wrappers',
    suite: 'chacha20-poly1305',
    most: Infinity,
    seal: (key, nonce, text, associated) =>
      sodium.crypto_aead_chacha20poly1305_ietf_encrypt(text, associated, null, nonce, key),
    unseal(key, nonce, sealed, associated) {
      try {
        return sodium.crypto_aead_chacha20poly1305_ietf_decrypt(null, sealed, associated, nonce, key)
      } catch {
        return undefined
      }
    },
  }
}

const webCrypto: Aead = {
  name: 'WebCrypto',
  suite: 'aes-256-gcm',
  most: Infinity,
  async seal(key, nonce, text, associated) {
    const imported = await crypto.subtle.importKey('raw', own(key), 'AES-GCM', false, ['encrypt'])
    const options = { name: 'AES-GCM', iv: own(nonce), additionalData: own(associated), tagLength: 8 * TAG_SIZE }
    return new Uint8Array(await crypto.subtle.encrypt(options, imported, own(text)))
  },
  async unseal(key, nonce, sealed, associated) {
    const imported = await crypto.subtle.importKey('raw', own(key), 'AES-GCM', false, ['decrypt'])
    const options = { name: 'AES-GCM', iv: own(nonce), additionalData: own(associated), tagLength: 8 * TAG_SIZE }
    try {
      return new Uint8Array(await crypto.subtle.decrypt(options, imported, own(sealed)))
    } catch {
      return undefined
    }
  },
}

/** WebCrypto's types refuse bytes that could lie in shared memory. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes)
}

/** All implementations; ours first. */
export async function aeads(): Promise<Aead[]> {
  return [...OUR_AEADS, twin, await libsodium(), webCrypto]
}
