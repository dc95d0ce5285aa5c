// A Kubernetes Secret manifest. Base64 hides nothing: the output is as secret as the values.
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import type { Secret } from '../lib/secret.ts'
import { Writer, type Printable } from './writer.ts'
import { yamlWord } from './yaml.ts'

/** Kubernetes names (RFC 1123): lower case letters, digits, `-` and, in names of objects, `.`. */
const OBJECT_NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/
const NAMESPACE = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/** The manifest, or nothing for no entries. Throws `usage` when name or namespace is missing or not one that Kubernetes takes. */
export function printKubernetes(
  entries: readonly Printable[],
  options: { name: string | undefined; namespace: string },
): Secret {
  if (options.name === undefined) {
    throw new Failure('usage', '--name is required for k8s-secret format', { hint: 'add --name <secret name>' })
  }
  checkKubernetesName('--name', options.name, 'object')
  checkKubernetesName('--namespace', options.namespace, 'namespace')
  const writer = new Writer()
  if (entries.length === 0) return writer.finish()
  writer.text(`apiVersion: v1\nkind: Secret\nmetadata:\n  name: ${yamlWord(options.name)}\n`)
  writer.text(`  namespace: ${yamlWord(options.namespace)}\ntype: Opaque\n`)
  writer.text('data:\n')
  for (const { key, value } of entries) {
    writer.text(`  ${yamlWord(key)}: `)
    base64(writer, value.reveal())
    writer.text('\n')
  }
  return writer.finish()
}

/** Throws unless Kubernetes takes `name`: `usage` when it came by the flag `where`, `failed` when it stood there in a file. */
export function checkKubernetesName(where: string, name: string, kind: 'object' | 'namespace'): void {
  if ((kind === 'object' ? OBJECT_NAME : NAMESPACE).test(name)) return
  throw new Failure(
    where.startsWith('--') ? 'usage' : 'failed',
    `${where} is not a name that Kubernetes takes: ${printable(name)}`,
    {
      hint: 'use lower case letters, digits and -',
    },
  )
}

/** Base64 in quotes: without them YAML takes texts such as `1234` for a number. */
function base64(writer: Writer, value: Uint8Array): void {
  const encoded = new TextEncoder().encode(value.toBase64())
  writer.text('"').bytes(encoded).text('"')
  encoded.fill(0)
}
