// Seals the environments of a group into one file for recipients: a section each, with what it inherits.
import { Failure } from '../../lib/errors.ts'
import { printable } from '../../lib/names.ts'
import { cell } from '../../faces/table.ts'
import type { Secret } from '../../lib/secret.ts'
import type { Resolved, View } from '../../vault/view.ts'
import { define } from '../define.ts'
import { GROUP_FIELD } from '../parts/groups.ts'
import { RECIPIENT_FIELD, recipientData, recipientLines, recipientsFor } from '../parts/recipients.ts'
import { SEALED_FIELDS, outputPath, refuseTerminal, sealedData, writeSealed } from '../parts/streams.ts'

interface Section {
  name: string
  entries: Resolved[]
}

export default define({
  path: 'env seal',
  about: 'Seal the environments of a group to recipients, as one file',
  detail:
    'Only a recipient can open the file, with `tvault decrypt-env --section NAME`. Each environment is a section with ' +
    'its own keys and those it inherits, so whoever can open the file can read all of them. Values are quoted; one that ' +
    'looks like the beginning of a section is refused. An unknown key or environment is an error.',
  effect: 'seal',
  on: ['cli'],
  holdsKeys: true,
  input: {
    group: GROUP_FIELD,
    recipient: { ...RECIPIENT_FIELD, required: true },
    keys: { kind: 'list', split: true, complete: 'key', about: 'Only these keys' },
    envs: { kind: 'list', split: true, placeholder: 'environments', about: 'Only these environments' },
    ...SEALED_FIELDS,
  },
  examples: [
    { words: 'env seal --group shop --recipient tvault1... -o shop.sealed', about: 'All environments' },
    {
      words: 'env seal --group shop --envs preview --recipient tvault1... -o p.sealed',
      about: 'One environment',
    },
  ],
  async run(context, { group, recipient, keys, envs, out, overwrite, force }) {
    const file = outputPath(out)
    const [{ sealToRecipients, sealedVersion }, { fitsMarker, holdsMarker, printSections }] = await Promise.all([
      import('../../formats/sealed.ts'),
      import('../../formats/sections.ts'),
    ])
    refuseTerminal(context, file, force)
    const { recipients } = await recipientsFor(recipient)
    const view = await context.vault()
    const chosen = chooseEnvironments(view, group, envs)
    for (const name of chosen) {
      // TinyVault 0.23 looks for the end of a marker in the middle of the line.
      if (!fitsMarker(name) || name.includes(' ---')) {
        throw new Failure('usage', `${printable(name)} cannot be the name of a section`)
      }
    }
    const to = recipients.map(({ text }) => text)
    const sections: Section[] = []
    try {
      for (const name of chosen) {
        const { entries } = view.resolve(group, name, keys ? { only: keys } : {}, { recipients: to })
        sections.push({ name, entries })
      }
      refuseUnknown(sections, keys)
      refuseMarkers(sections, holdsMarker)
      const filled = sections.filter(({ entries }) => entries.length > 0)
      const body = printSections(filled)
      const sealed = sealToRecipients(body, recipients)
      body.wipe()
      if (file !== undefined) {
        await writeSealed(context, file, sealed, { overwrite, replaceable: (old) => sealedVersion(old) === 2 })
      }
      return {
        group,
        file,
        bytes: sealed,
        environments: filled.map(({ name }) => name),
        empty: sections.filter(({ entries }) => entries.length === 0).map(({ name }) => name),
        keys: new Set(sections.flatMap(({ entries }) => entries.map(({ key }) => key))).size,
        recipients: await recipientData(recipients),
      }
    } finally {
      for (const { entries } of sections) for (const { value } of entries) value.wipe()
    }
  },
  human: ({ file, bytes, environments, empty, keys, recipients }) => ({
    ...(file === undefined && { out: bytes }),
    note: [
      ...(file === undefined ? [] : [`Wrote ${bytes.length} bytes to ${printable(file)}`]),
      `Environments: ${environments.map(cell).join(', ')}`,
      ...(empty.length === 0 ? [] : [`Left out, because they have no such key: ${empty.map(cell).join(', ')}`]),
      `Keys: ${keys}`,
      recipientLines(recipients),
    ].join('\n'),
  }),
  json: ({ group, file, bytes, environments, keys, recipients }) => ({
    group,
    environments,
    keys,
    recipients,
    ...sealedData(file, bytes),
  }),
})

/** In the order of the group. Throws `not_found` for an environment that it has not. */
function chooseEnvironments(view: View, group: string, envs: readonly string[] | undefined): string[] {
  const all = view.group(group).environments.map(({ name }) => name)
  const unknown = envs?.filter((name) => !all.includes(name)) ?? []
  if (unknown.length > 0) {
    throw new Failure('not_found', `no environment ${unknown.map(printable).join(', ')} in group ${printable(group)}`, {
      hint: `it has: ${all.map(printable).join(', ')}`,
    })
  }
  return envs ? all.filter((name) => envs.includes(name)) : all
}

/** Throws `not_found` for a key that no chosen environment has. */
function refuseUnknown(sections: readonly Section[], keys: readonly string[] | undefined): void {
  const found = new Set(sections.flatMap(({ entries }) => entries.map(({ key }) => key)))
  const unknown = keys?.filter((key) => !found.has(key)) ?? []
  if (unknown.length === 0) return
  throw new Failure('not_found', `secret(s) in no chosen environment: ${unknown.map(printable).join(', ')}`, {
    hint: 'tvault env diff shows which there are',
  })
}

/** The peer would end a section inside of such a value, and give the rest of it out as another one. */
function refuseMarkers(sections: readonly Section[], holdsMarker: (value: Secret) => boolean): void {
  for (const { name, entries } of sections) {
    const found = entries.find(({ value }) => holdsMarker(value))
    if (!found) continue
    throw new Failure('failed', `${found.key} of ${printable(name)} holds the mark that begins or ends a section`, {
      hint: 'leave it out with --keys; tvault seal carries any value',
    })
  }
}
