// The door to eciesjs: ECIES over secp256k1 with HKDF-SHA256 and AES-256-GCM, as dotenvx uses it. Decrypts, nothing else.

/** Opens what is encrypted to the public key of a private one; undefined when it is to another, or damaged. */
export interface Opener {
  /** `privateKey` is 32 bytes; a 33-byte public key in hex, or undefined for bytes that are no key. */
  publicKeyOf(privateKey: Uint8Array): string | undefined
  open(box: Uint8Array, privateKey: Uint8Array): Uint8Array | undefined
}

/** Loads the library. */
export async function loadEcies(): Promise<Opener> {
  const { decrypt, PrivateKey } = await import('eciesjs')
  return {
    publicKeyOf(privateKey) {
      try {
        return new PrivateKey(privateKey).publicKey.toHex(true)
      } catch {
        return undefined
      }
    },
    open(box, privateKey) {
      try {
        return decrypt(privateKey, box)
      } catch {
        return undefined
      }
    },
  }
}
