// Child of flips.test.ts: flips bytes of the vault file at argv[2], one at a time (argv[3]: step, argv[4] and [5]: first byte and end),
// and asks the vault what it asked the intact one. Every answer is the right one or a failure that says `corrupt`;
// names, versions and values that vanish without a word are faults. Prints counts as JSON.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Failure } from '../../src/lib/errors.ts'
import { Secret } from '../../src/lib/secret.ts'
import { openLmdb } from '../../src/store/lmdb.ts'
import { Handle } from '../../src/vault/handle.ts'
import { openHeader } from '../../src/vault/header.ts'
import { Keyring } from '../../src/vault/keyring.ts'
import { TABLES } from '../../src/vault/schema.ts'
import { Scope } from '../../src/vault/scope.ts'
import { Session, readAuditKey } from '../../src/vault/session.ts'
import { policyFor } from '../../src/commands/policy.ts'
import type { Asker } from '../../src/lib/gate.ts'
import type { View } from '../../src/vault/view.ts'
import { FLIP_PASSPHRASE } from './flips-sample.ts'

const [, , path = '', step = '1', first = '0', end = '0'] = process.argv
const intact = readFileSync(path)
const victim = `${path}.flipped`
const principal = { kind: 'owner', interactive: false } as const
const asker: Asker = { principal, command: 'get', effect: 'reveal', policy: policyFor(principal) }

const plain = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? `${inner}` : inner))
const opened = (value: Secret): string => Buffer.from(value.reveal()).toString('base64')

/** What is asked, in the order in which a person would. */
const QUESTIONS: readonly ((view: View) => string)[] = [
  (view) => plain(view.projects()),
  (view) => view.currentProject(),
  (view) => plain(view.list('web')),
  (view) => plain(view.list('default')),
  (view) => plain(view.history('web', 'KEY')),
  (view) => plain(view.search({ limit: 100, prefix: 'K' })),
  (view) => opened(view.read('web', 'KEY')),
  (view) => opened(view.read('web', 'KEY', { version: 2 })),
  (view) => opened(view.read('web', 'LONG')),
  (view) => opened(view.read('default', 'ONLY')),
  (view) => plain(view.readMany('web', { prefix: 'K' }).entries.map(({ key, value }) => [key, opened(value)])),
]

let kek: Uint8Array | undefined
const header = await (async () => {
  const store = await openLmdb(path, { tables: TABLES, mode: 'read' })
  const { header: read } = new Session(store)
  kek = openHeader(read, Secret.fromText(FLIP_PASSPHRASE))
  await store.close()
  return read
})()

/** The answers to all questions; `undefined` where the vault says that it is damaged. Throws anything that is wrong. */
async function ask(file: string): Promise<(string | undefined)[]> {
  const store = await openLmdb(file, { tables: TABLES, mode: 'write' })
  try {
    const session = new Session(store)
    // The key derivation is left out: another header is one that the passphrase does not open.
    if (plain(session.header) !== plain(header)) return []
    session.adopt(header, new Keyring(header, kek!.slice(), { box: store.snapshot(readAuditKey) }))
    const view = new Handle(new Scope(session, asker))
    return QUESTIONS.map((question) => {
      try {
        return question(view)
      } catch (error) {
        if (error instanceof Failure && error.kind === 'corrupt') return undefined
        throw error
      }
    })
  } finally {
    await store.close()
  }
}

const right = await ask(path)
const counts = { tries: 0, refused: 0, answered: 0 }
const faults: string[] = []
const changed = Uint8Array.from(intact)
for (let at = Number(first); at < Math.min(Number(end), intact.length); at += Number(step)) {
  const before = intact[at] ?? 0
  changed[at] = before ^ (1 << (at % 7))
  counts.tries += 1
  for (const file of [victim, `${victim}-lock`]) rmSync(file, { force: true })
  writeFileSync(victim, changed)
  try {
    const answers = await ask(victim)
    const wrong = answers.findIndex((answer, index) => answer !== undefined && answer !== right[index])
    if (wrong >= 0) faults.push(`byte ${at}: question ${wrong} is answered wrongly: ${answers[wrong]?.slice(0, 200)}`)
    if (answers.every((answer) => answer !== undefined)) counts.answered += 1
    else counts.refused += 1
  } catch (error) {
    if (error instanceof Failure && error.kind === 'corrupt') counts.refused += 1
    else faults.push(`byte ${at}: ${error instanceof Failure ? `${error.kind}: ${error.message}` : String(error)}`)
  }
  changed[at] = before
}
console.log(JSON.stringify({ ...counts, faults }))
