// Seals secrets of a project to recipients: the values go from the vault into ciphertext and are in no file between.
import { Failure } from '../lib/errors.ts'
import { escaped, printable } from '../lib/names.ts'
import { define } from './define.ts'
import { RECIPIENT_FIELD, recipientData, recipientLines, recipientsFor } from './parts/recipients.ts'
import { SEALED_FIELDS, outputPath, refuseTerminal, sealedData, writeSealed } from './parts/streams.ts'

export default define({
  path: 'seal',
  about: 'Seal secrets to recipients, as a file that can be committed',
  detail:
    'Only a recipient can open the file, with `tvault open`, and no passphrase is needed for that. Without --recipient ' +
    'it is sealed to the recipients in .tvault-recipients, at the top of the git work tree or else in the current ' +
    'folder. An existing file is replaced when it is a sealed one; anything else only with --overwrite.',
  effect: 'seal',
  on: ['cli'],
  holdsKeys: true,
  input: {
    recipient: { ...RECIPIENT_FIELD, short: 'r' },
    key: { kind: 'list', split: true, complete: 'key', about: 'Seal this secret only; may be given several times' },
    format: {
      kind: 'choice',
      choices: ['raw', 'k8s'],
      fallback: 'raw',
      about: 'raw: a sealed file; k8s: a SealedSecret manifest for `tvault k8s render`',
    },
    name: { kind: 'text', about: 'k8s: name of the Secret' },
    namespace: { kind: 'text', about: 'k8s: its namespace', fallback: 'default' },
    ...SEALED_FIELDS,
  },
  examples: [
    { words: 'seal -o .env.encrypted', about: 'All secrets, for the recipients of the repository' },
    {
      words: 'seal --key DB_URL --recipient tvault1... -o db.sealed',
      about: 'One secret for one recipient',
    },
    { words: 'seal --format k8s --name app -o sealed.yaml', about: 'A manifest for Kubernetes' },
  ],
  async run(context, input) {
    const file = outputPath(input.out)
    const format = input.format ?? 'raw'
    const [{ sealToRecipients, sealedVersion }, { printMarshal }, k8s] = await Promise.all([
      import('../formats/sealed.ts'),
      import('../formats/marshal.ts'),
      import('../formats/k8s-sealed.ts'),
    ])
    const place = { name: input.name, namespace: input.namespace ?? 'default' }
    if (format === 'k8s') k8s.checkPlace(place)
    else refuseTerminal(context, file, input.force)
    const { recipients, from } = await recipientsFor(input.recipient)
    const view = await context.vault()
    const project = context.project(view)
    const to = recipients.map(({ text }) => text)
    const { entries, missing } = view.readMany(project, input.key === undefined ? {} : { only: input.key }, {
      recipients: to,
    })
    try {
      if (missing.length > 0) {
        throw new Failure('not_found', `secret(s) not found: ${missing.map(printable).join(', ')}`, {
          hint: 'tvault list',
        })
      }
      const body = printMarshal(entries)
      let sealed: Uint8Array
      try {
        sealed = sealToRecipients(body, recipients)
      } finally {
        body.wipe()
      }
      const content = format === 'k8s' ? k8s.printSealedManifest(place, recipients, sealed) : sealed
      const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
      if (file !== undefined) {
        const replaceable = format === 'k8s' ? k8s.isSealedManifest : (old: Uint8Array) => sealedVersion(old) === 2
        await writeSealed(context, file, bytes, { overwrite: input.overwrite, replaceable })
      }
      const keys = entries.map(({ key }) => key)
      return { project, format, file, from, keys, recipients: await recipientData(recipients), bytes }
    } finally {
      for (const { value } of entries) value.wipe()
    }
  },
  human: ({ file, from, keys, recipients, bytes }) => ({
    ...(file === undefined && { out: bytes }),
    note: [
      `Sealed ${keys.length} secret(s) to ${recipients.length} recipient(s)${file === undefined ? '' : ` → ${printable(file)}`}`,
      ...(from === undefined ? [] : [`Recipients from ${escaped(from)}:`]),
      recipientLines(recipients),
    ].join('\n'),
  }),
  json: ({ project, format, file, keys, recipients, bytes }) => ({
    project,
    format,
    keys,
    recipients,
    ...sealedData(file, bytes),
  }),
})
