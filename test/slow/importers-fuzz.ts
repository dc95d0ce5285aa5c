// The fuzzer of the importers, as a program of its own, so that a hang can be seen and ended from outside.
// `bun importers-fuzz.ts SEED CASES` prints a line per ten thousand cases; a broken law ends it with the number of the
// case, which SEED makes again. Containers that cost milliseconds get fewer cases than text.
import * as kdbxweb from 'kdbxweb'
import { IMPORTERS, importerFor } from '../../src/foreign/importers.ts'
import { parseJson } from '../../src/foreign/json.ts'
import { Failure } from '../../src/lib/errors.ts'
import { isKey } from '../../src/lib/names.ts'
import vectors from '../vectors/foreign.json'
import {
  ageKey,
  ageSeal,
  asking,
  kdbx,
  sealedBitwarden,
  sopsDotenv,
  sopsJson,
  sopsYaml,
  zip,
} from '../foreign/samples.ts'
import { randomFrom } from './room.ts'
import type { ForeignAsk, ForeignInput } from '../../src/foreign/importer.ts'

const [seed = 1, cases = 1000] = process.argv.slice(2).map(Number)
const below = randomFrom(seed)
/** Stands in every value of the samples, and must stand in no message. */
const CANARY = 'cAnArY'
const SLOWEST_MS = 20_000

const TOKENS = [
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  ',',
  ':',
  ': ',
  '\n',
  '\r\n',
  '\\',
  '\\u',
  '\\ud800',
  '\\"',
  '\0',
  ' ',
  '\t',
  '#',
  '=',
  '- ',
  '|',
  '&a ',
  '*a',
  '---\n',
  'null',
  'true',
  '-1',
  '1e999',
  '0',
  '99999999999',
  '""',
  '[]',
  '{}',
  '[default]\n',
  'otpauth://',
  '-----BEGIN ',
  'encrypted:',
  'ENC[AES256_GCM,',
  'sops:\n',
  'sops_mac=',
  '"sops"',
  '"data"',
  '"items"',
  '"value"',
  '"name"',
  '../',
  '\ufeff',
  '\u2028',
  'é',
  '🔑',
  'A',
  'a: b\n',
  '"a":1,',
  'A=1\n',
  '\xff',
  '{REF:',
].map((token) => Buffer.from(token, token === '\xff' ? 'latin1' : 'utf8'))

interface Sample {
  format: string
  bytes: Buffer
  /** How often it is drawn. */
  weight: number
  tree?: true
}

const { identity, recipient } = await ageKey()
const value = (word: string): string => `${CANARY}-${word}`
const item = {
  overview: { title: 'T', url: 'u' },
  details: {
    loginFields: [{ value: value('l'), designation: 'password' }],
    notesPlain: value('n'),
    sections: [
      {
        title: 'S',
        fields: [
          { title: 'f', value: { concealed: value('c') } },
          { title: 'g', value: { file: {} } },
        ],
      },
    ],
    passwordHistory: [{}],
  },
}
const onePux = JSON.stringify({ accounts: [{ vaults: [{ attrs: { name: 'V' }, items: [item, { item }] }] }] })
const bitwarden = JSON.stringify({
  encrypted: false,
  folders: [{ id: 'f', name: 'F' }],
  items: [
    {
      name: 'I',
      folderId: 'f',
      notes: value('n'),
      login: { username: 'u', password: value('p'), totp: null, uris: [{ uri: 'x' }] },
      fields: [{ name: 'f', value: value('f'), type: 1 }],
    },
  ],
})
const sealed = sealedBitwarden(bitwarden, 'pw', 'pbkdf2')
const database = await kdbx(
  (made, root) => {
    const entry = made.createEntry(root)
    entry.fields.set('Title', 'T')
    entry.fields.set('Password', kdbxweb.ProtectedValue.fromString(value('p')))
  },
  { passphrase: 'pw' },
)
const tree = { A: value('a'), n: 1, db: { x: value('x'), list: [value('l'), { y: value('y') }] } }

const SAMPLES: readonly Sample[] = [
  { format: '1pux', bytes: Buffer.from(zip({ 'export.data': onePux, 'files/a': 'x' })), weight: 40 },
  { format: '1pux', bytes: Buffer.from(onePux), weight: 40 },
  {
    format: '1password-csv',
    bytes: Buffer.from(`Title,Url,Username,Password,Notes\nA,"u",u,"${value('p')}","x ""y""\nz"\n`),
    weight: 100,
  },
  {
    format: 'aws',
    bytes: Buffer.from(`[default]\naws_access_key_id = ${value('a')}\n\n[profile x]\nregion=eu\ns3 =\n  a = b\n`),
    weight: 100,
  },
  { format: 'bitwarden', bytes: Buffer.from(bitwarden), weight: 100 },
  { format: 'bitwarden', bytes: Buffer.from(sealed), weight: 2 },
  {
    format: 'doppler',
    bytes: Buffer.from(`{"DOPPLER_PROJECT":"p","DOPPLER_CONFIG":"c","A":"${value('a')}","b-c":1}`),
    weight: 80,
  },
  { format: 'doppler', bytes: Buffer.from(`{"secrets":{"A":{"raw":"${value('r')}","computed":null}}}`), weight: 80 },
  {
    format: 'infisical',
    bytes: Buffer.from(
      `[{"key":"A","value":"${value('a')}"},{"secretKey":"B","secretValue":"${value('b')}","secretPath":"/x"}]`,
    ),
    weight: 100,
  },
  {
    format: 'vault',
    bytes: Buffer.from(
      `{"request_id":"r","lease_id":"","lease_duration":0,"data":{"data":{"a":"${value('a')}","n":1.50,"l":[1]},"metadata":{"version":1}}}`,
    ),
    weight: 100,
  },
  {
    format: 'pass',
    bytes: Buffer.from(`${value('pw')}\nuser: me\notpauth://totp/x?secret=${value('t')}\nfree\n---\nport: 22\n`),
    weight: 100,
    tree: true,
  },
  {
    format: 'pass',
    bytes: Buffer.from(`GOPASS-SECRET-1.0\nPassword: ${value('p')}\nuser: me\n\nbody\n`),
    weight: 60,
    tree: true,
  },
  {
    format: 'gopass',
    bytes: Buffer.from(await ageSeal(`${value('pw')}\nuser: me\n`, { recipient })),
    weight: 1,
    tree: true,
  },
  { format: 'dotenvx', bytes: Buffer.from(vectors.dotenvx.env), weight: 1 },
  { format: 'sops', bytes: Buffer.from(await sopsYaml(tree, recipient)), weight: 2 },
  { format: 'sops', bytes: Buffer.from(await sopsJson(tree, recipient)), weight: 2 },
  { format: 'sops', bytes: Buffer.from(await sopsDotenv({ A: value('a'), B: '"x"' }, recipient)), weight: 2 },
  { format: 'keepass', bytes: Buffer.from(database), weight: 2 },
]
const TOTAL = SAMPLES.reduce((sum, { weight }) => sum + weight, 0)

const ask: ForeignAsk = {
  ...asking({ passphrase: 'pw', gpg: async (message) => message.slice() }),
  keyFile: () => undefined,
}
const KEYS: Record<string, Buffer> = {
  sops: Buffer.from(identity),
  gopass: Buffer.from(identity),
  dotenvx: Buffer.from(vectors.dotenvx.keys),
}

function draw(): Sample {
  let left = below(TOTAL)
  for (const sample of SAMPLES) {
    left -= sample.weight
    if (left < 0) return sample
  }
  throw new Error('unreachable')
}

function mutate(bytes: Buffer, other: Buffer): Buffer {
  const at = below(bytes.length + 1)
  const to = Math.min(bytes.length, at + below(16))
  switch (below(9)) {
    case 0:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(to)])
    case 1:
      return Buffer.concat([bytes.subarray(0, to), bytes.subarray(at, to), bytes.subarray(to)])
    case 2:
    case 3: {
      const copy = Buffer.from(bytes)
      if (at < copy.length) copy[at] = below(2) === 0 ? below(256) : copy[at]! ^ (1 << below(8))
      return copy
    }
    case 4:
      return Buffer.concat([bytes.subarray(0, at), other.subarray(below(other.length))])
    case 5:
      return below(8) === 0 ? bytes.subarray(0, at) : bytes
    default:
      return Buffer.concat([bytes.subarray(0, at), TOKENS[below(TOKENS.length)]!, bytes.subarray(at)])
  }
}

function law(holds: boolean, what: string): void {
  if (!holds) throw new Error(`broken: ${what}`)
}

/** Our JSON reader takes nothing that JSON.parse refuses, and refuses only what it says. */
function compareJson(bytes: Uint8Array): void {
  let ours: string | undefined
  try {
    parseJson(bytes, 'fuzz.json')
  } catch (error) {
    law(error instanceof Failure, 'the JSON reader fails with a Failure')
    ours = (error as Failure).message
  }
  let theirs = true
  try {
    JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    theirs = false
  }
  if (ours === undefined) law(theirs, 'what the JSON reader takes is JSON')
  else if (theirs)
    law(/stands twice|half a character|not UTF-8|deeper|too long/.test(ours), `JSON is refused for a reason: ${ours}`)
}

/** One case; returns whether the file was read. */
async function check(sample: Sample, content: Buffer): Promise<boolean> {
  const bytes = new Uint8Array(content)
  const files = [
    { name: sample.format === 'pass' ? '.gpg-id' : '.age-recipients', bytes: new Uint8Array(1) },
    { name: sample.format === 'pass' ? 'web/fuzz.gpg' : 'web/fuzz.age', bytes },
  ]
  const input: ForeignInput = sample.tree ? { path: 'fuzz', bytes: new Uint8Array(0), files } : { path: 'fuzz', bytes }
  if (bytes[0] === 0x7b || bytes[0] === 0x5b) compareJson(bytes)
  for (const importer of IMPORTERS) importer.recognise(input)
  const keys = KEYS[sample.format]
  const asked = keys ? { ...ask, keyFile: () => ({ path: 'keys', bytes: new Uint8Array(keys) }) } : ask
  const start = performance.now()
  try {
    const { entries, notes } = await importerFor(sample.format, input).read(input, asked)
    const seen = new Set(entries.map(({ key }) => key))
    law(seen.size === entries.length && entries.every(({ key }) => isKey(key)), 'keys are valid and there once')
    law(
      entries.every(({ value: one }) => one.size <= bytes.length * 300 + 65_536),
      'values are no bigger than the file',
    )
    // Names and paths may hold what a mutation moved there; what was a value in the sample must not be told.
    for (const { kind, why } of notes) law(kind === 'renamed' || !why.includes(CANARY), `a note shows a value: ${why}`)
    for (const { value: one } of entries) one.wipe()
    return true
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    law(['failed', 'corrupt', 'usage', 'locked'].includes(error.kind), `the kind ${error.kind} is expected`)
    law(
      /fuzz|keys|values in one file|the database|gpg|none of the identities/.test(error.message),
      `the file is named: ${error.message}`,
    )
    law(
      !`${error.message}${error.hint ?? ''}`.replaceAll(/(?:the name|the value of|section) .*/g, '').includes(CANARY),
      `a message shows a value: ${error.message}`,
    )
    return false
  } finally {
    law(performance.now() - start < SLOWEST_MS, 'it ends soon')
  }
}

let taken = 0
for (let number = 0; number < cases; number++) {
  const sample = draw()
  let content = Buffer.from(sample.bytes)
  const rounds = 1 + (below(3) === 0 ? below(12) : below(2))
  for (let round = 0; round < rounds; round++) content = Buffer.from(mutate(content, draw().bytes))
  try {
    if (await check(sample, content.subarray(0, 16_384))) taken++
  } catch (error) {
    console.log(`case ${number} (${sample.format}): ${JSON.stringify(content.toString('latin1').slice(0, 3000))}`)
    throw error
  }
  if (number % 10_000 === 0) console.log(`at ${number}`)
}
console.log(`${cases} cases, ${taken} read`)
