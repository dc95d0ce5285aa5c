// One changed Go vault after another, read and moved in process, and judged: an answer is right, or it is a failure
// that says what is wrong. Never anything else, and never a value that was not there.
import { Identity } from '../../src/crypto/recipient.ts'
import { goSource } from '../../src/foreign/go-source.ts'
import { Failure } from '../../src/lib/errors.ts'
import { goFile, time, uuid } from './go-file.ts'
import { moveGo, readGo } from './go-moved.ts'
import type { Read } from './go-moved.ts'

const DELETED = 'of a deleted project'

/** A small vault with something in every table. */
export function sampleFile(pageSize = 1024): Uint8Array {
  const { recipient } = Identity.generate()
  const share = { action: 'project.share', resource_type: 'project', resource_name: 'web' }
  return goFile(
    {
      projects: [
        {
          name: 'web',
          id: uuid(1),
          description: 'the shop',
          recipients: [recipient],
          secrets: { A: ['one', 'two', 'three'], LONG: ['x'.repeat(3000)] },
        },
        { name: 'api', id: uuid(2), secrets: { A: ['other'] } },
        { name: 'old', id: uuid(3), deleted: true, secrets: { A: [DELETED] } },
      ],
      current: 'web',
      config: {
        'group:_index': '["g"]',
        'group:g': {
          name: 'g',
          created_at: time(1),
          updated_at: time(2),
          environments: [
            { name: 'prod', project: 'web' },
            { name: 'test', project: 'api' },
          ],
          inheritance: { test: { from: 'prod' } },
        },
      },
      audit: [
        { timestamp: time(1), ...share, metadata: { recipient: recipient.text } },
        { timestamp: time(2), action: 'secret.read', resource_type: 'secret', resource_name: 'A' },
      ],
    },
    undefined,
    pageSize,
  )
}

/** The values in a plan, sorted: what of the vault a reader would be given. */
export function valuesOf({ vault, plan }: Read): string[] {
  const values: string[] = []
  for (const { value } of goSource(vault, plan, true).versions()) {
    values.push(Buffer.from(value.reveal()).toString('latin1'))
    value.wipe()
  }
  return values.toSorted()
}

export type Verdict = 'refused' | 'damaged' | 'whole'

/** What became of `file`, a changed copy of the vault with `values`. Throws when that may not be. */
export function judge(file: Uint8Array, values: readonly string[], move = true): Verdict {
  let read: Read
  try {
    read = readGo(file)
  } catch (error) {
    if (error instanceof Failure && ['corrupt', 'failed', 'wrong_passphrase'].includes(error.kind)) return 'refused'
    throw error
  }
  const found = valuesOf(read)
  const isWhole = read.plan.damages === 0
  // A changed mark brings a deleted project back, but then the index of names does not agree.
  const unknown = found.filter((value) => !values.includes(value) && (isWhole || value !== DELETED))
  if (unknown.length > 0) throw new Error('a value that was never there')
  if (isWhole && found.length !== values.length) throw new Error(`${found.length} values, and no word about the others`)
  if (move) void moveGo(read, { salvage: true })
  read.vault.wipe()
  return isWhole ? 'whole' : 'damaged'
}
