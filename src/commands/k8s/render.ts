// Makes the Secret out of a SealedSecret manifest, where it is deployed. The output is as secret as its values.
import { printable } from '../../lib/names.ts'
import type { Secret } from '../../lib/secret.ts'
import { define } from '../define.ts'
import { OPEN_FIELDS, handOver, openForIdentity, outputPath, readInput } from '../parts/streams.ts'

export default define({
  path: 'k8s render',
  about: 'Make a Kubernetes Secret out of a SealedSecret manifest',
  detail:
    'Reads the first document of the file, opens it with an identity as `tvault open` does, and prints a manifest of ' +
    'kind Secret with the values in the clear: give it to kubectl and do not keep it. Name and namespace are those of ' +
    'the manifest; they are not protected by the seal.',
  effect: 'reveal',
  on: ['cli'],
  holdsKeys: true,
  input: {
    ...OPEN_FIELDS,
  },
  examples: [
    { words: 'k8s render --in sealed.yaml', about: 'For: | kubectl apply -f -' },
    { words: 'k8s render sealed.yaml --identity cluster', about: 'With one identity and no other' },
  ],
  async run(context, input) {
    const file = outputPath(input.out)
    const { MAX_MANIFEST_BYTES, printRenderedSecret, readSealedManifest } = await import('../../formats/k8s-sealed.ts')
    const { bytes } = await readInput(context, input, MAX_MANIFEST_BYTES)
    const { sealed, more, name, namespace } = readSealedManifest(bytes)
    if (more) context.note('note: only the first document of the file is read')
    const body = await openForIdentity(context, sealed, { name: input.identity, command: 'k8s render' })
    let made: { manifest: Secret; keys: number }
    try {
      made = printRenderedSecret({ name, namespace }, body)
    } finally {
      body.wipe()
    }
    context.note('WARNING: the Secret holds the values in the clear; give it to kubectl, do not commit it')
    const { content } = await handOver(context, file, made.manifest, { overwrite: input.overwrite, force: true })
    return { file, name, namespace, keys: made.keys, manifest: content }
  },
  human: ({ file, name, keys, manifest }) =>
    file === undefined ? manifest : { note: `Rendered Secret "${name}" (${keys} keys) → ${printable(file)}` },
  json: ({ file, name, namespace, keys, manifest }) => ({
    name,
    ...(namespace !== undefined && { namespace }),
    keys,
    ...(file === undefined ? { manifest } : { file }),
    changed: file !== undefined,
  }),
})
