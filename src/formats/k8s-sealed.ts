// A SealedSecret manifest, which may be committed: a sealed file in base64. And the Secret it becomes at deployment.
// Nothing outside of the ciphertext is authenticated, so everything outside is checked and little of it is taken over.
import { isUtf8 } from 'node:buffer'
import type { Recipient } from '../crypto/recipient.ts'
import { text, toBase64 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { Secret } from '../lib/secret.ts'
import { parseDotenv } from './dotenv.ts'
import { checkKubernetesName } from './k8s-secret.ts'
import { Writer, type Printable } from './writer.ts'
import { parseFirstDocument } from './yaml-keys.ts'
import { printYamlText, yamlWord } from './yaml.ts'

const API = 'tinyvault.dev/v1'

/** The largest manifest that is read, in bytes; Kubernetes itself takes about a mebibyte. */
export const MAX_MANIFEST_BYTES = 8_388_608

/** Where a Secret is to be. */
export interface SecretPlace {
  name: string
  /** Undefined when the manifest leaves it open. */
  namespace: string | undefined
}

/** The manifest around `sealed`, a version 2 file. Failure `usage` when a name is missing or not one that Kubernetes takes. */
export function printSealedManifest(
  place: { name: string | undefined; namespace: string },
  recipients: readonly Recipient[],
  sealed: Uint8Array,
): string {
  const { name, namespace } = checkPlace(place)
  const lines = [
    '# A sealed Secret: what is in encryptedData can be committed.',
    '# The Secret itself is made where it is used:',
    '#   tvault k8s render --in FILE | kubectl apply -f -',
    `apiVersion: ${API}`,
    'kind: SealedSecret',
    'metadata:',
    `    name: ${yamlWord(name)}`,
    `    namespace: ${yamlWord(namespace)}`,
    'spec:',
    '    recipients:',
    ...recipients.map((recipient) => `        - ${recipient.text}`),
    `    encryptedData: ${toBase64(sealed)}`,
  ]
  return `${lines.join('\n')}\n`
}

/** Name and namespace when Kubernetes takes both; Failure `usage` otherwise. */
export function checkPlace(place: { name: string | undefined; namespace: string }): {
  name: string
  namespace: string
} {
  const { name, namespace } = place
  if (name === undefined) {
    throw new Failure('usage', '--name is required for --format k8s', { hint: 'add --name <secret name>' })
  }
  checkKubernetesName('--name', name, 'object')
  checkKubernetesName('--namespace', namespace, 'namespace')
  return { name, namespace }
}

/** Whether `file` looks like such a manifest, so that a new one may take its place. */
export function isSealedManifest(file: Uint8Array): boolean {
  try {
    readSealedManifest(file)
    return true
  } catch {
    return false
  }
}

/**
 * Place and ciphertext of a manifest; `more` says that other documents follow, which are not read. Failure `failed`
 * for everything that is not one: not UTF-8, not YAML, keys that come twice, another kind or version.
 */
export function readSealedManifest(file: Uint8Array): SecretPlace & { sealed: Uint8Array; more: boolean } {
  const source = text(file)
  if (source === undefined) throw new Failure('failed', 'the manifest is not UTF-8 text')
  const { value, more } = parseFirstDocument(source)
  const { kind, apiVersion, metadata, spec } = record(value)
  if (kind !== 'SealedSecret') throw new Failure('failed', 'the manifest is not of kind SealedSecret')
  if (apiVersion !== undefined && apiVersion !== API) {
    throw new Failure('failed', `the manifest is of another tool or version: apiVersion is not ${API}`)
  }
  const { name, namespace } = record(metadata)
  const { encryptedData } = record(spec)
  if (typeof name !== 'string') throw new Failure('failed', 'metadata.name of the manifest is missing or not text')
  if (namespace !== undefined && namespace !== null && typeof namespace !== 'string') {
    throw new Failure('failed', 'metadata.namespace of the manifest is not text')
  }
  if (typeof encryptedData !== 'string' || encryptedData === '') {
    throw new Failure('failed', 'spec.encryptedData of the manifest is missing or not text')
  }
  const place = { name, namespace: namespace ?? undefined }
  checkKubernetesName('metadata.name', name, 'object')
  if (place.namespace !== undefined) checkKubernetesName('metadata.namespace', place.namespace, 'namespace')
  return { ...place, sealed: fromBase64(encryptedData), more }
}

function fromBase64(encoded: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(encoded, { lastChunkHandling: 'strict' })
  } catch {
    throw new Failure('failed', 'spec.encryptedData of the manifest is not base64 with padding')
  }
}

/**
 * The manifest of the Secret with the entries of `body`, which was sealed, as a Secret of the caller. Values that are
 * not UTF-8 go to `data`, for `stringData` cannot hold them. Failure `failed` for a body that is not dotenv throughout.
 */
export function printRenderedSecret(place: SecretPlace, body: Secret): { manifest: Secret; keys: number } {
  const { entries, notes } = parseDotenv(body.reveal())
  try {
    const fault = notes.find(({ kind }) => kind === 'skipped')
    if (fault !== undefined) {
      throw new Failure('failed', `what is sealed is not dotenv text: line ${fault.line}: ${fault.message}`)
    }
    const writer = new Writer()
      .text(`apiVersion: v1\nkind: Secret\nmetadata:\n    name: ${yamlWord(place.name)}\n`)
      .text(place.namespace === undefined ? '' : `    namespace: ${yamlWord(place.namespace)}\n`)
      .text('type: Opaque\n')
    const isText = ({ value }: Printable): boolean => isUtf8(value.reveal())
    const texts = entries.filter(isText)
    const binaries = entries.filter((entry) => !isText(entry))
    if (texts.length > 0 || binaries.length === 0) writer.text(texts.length > 0 ? 'stringData:\n' : 'stringData: {}\n')
    for (const { key, value } of texts) {
      printYamlText(writer.text(`    ${yamlWord(key)}: `), value.reveal())
      writer.text('\n')
    }
    if (binaries.length > 0) writer.text('data:\n')
    for (const { key, value } of binaries) writer.text(`    ${yamlWord(key)}: "${toBase64(value.reveal())}"\n`)
    return { manifest: writer.finish(), keys: entries.length }
  } finally {
    for (const { value } of entries) value.wipe()
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}
