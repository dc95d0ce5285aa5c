// A million damaged and prepared inputs for every parser around sealed files, in this process: each is read rightly or
// refused with a Failure that holds nothing of it, in bounded time. SEED repeats a run, CASES changes how many.
import { describe, expect, test } from 'bun:test'
import { Identity } from '../../src/crypto/recipient.ts'
import { parseIdentityFile, printIdentityFile } from '../../src/formats/identity-file.ts'
import { printRenderedSecret, printSealedManifest, readSealedManifest } from '../../src/formats/k8s-sealed.ts'
import { parseRecipients } from '../../src/formats/recipients-file.ts'
import { openWithFileKey, openWithIdentity, sealToRecipients, sealWithFileKey } from '../../src/formats/sealed.ts'
import { pickSection, printSections } from '../../src/formats/sections.ts'
import { concat, utf8 } from '../../src/lib/bytes.ts'
import { Failure } from '../../src/lib/errors.ts'
import { Secret } from '../../src/lib/secret.ts'
import vectors from '../vectors/sealed.json'
import { mutate } from './mutator.ts'
import { SEED, randomFrom } from './room.ts'

const CASES = Number(process.env['CASES'] ?? 1_000_000)
/** A case that takes longer is a hang; ten times what the slowest one takes on a busy machine. */
const MOST_MILLISECONDS = 2000

const alice = Identity.parse(Secret.fromText(vectors.identities.a.private))
const bob = Identity.parse(Secret.fromText(vectors.identities.b.private))
const MARK = 'known-plaintext'
const plaintext = utf8(`# ${MARK}\nA=1\nB="x y"\n`)
const fileKey = new Secret(new Uint8Array(32).fill(7))
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

interface Suite {
  name: string
  /** Share of all cases, in percent. */
  share: number
  samples: readonly Uint8Array[]
  words: readonly string[]
  /** Reads one input; throws an Error that is no Failure when what it read cannot be right. */
  read(input: Uint8Array): void
}

function must(condition: boolean, what: string): void {
  if (!condition) throw new Error(what)
}

const entries = (...pairs: [string, string][]) => pairs.map(([key, value]) => ({ key, value: Secret.fromText(value) }))
const blob = sealToRecipients(new Secret(plaintext.slice()), [bob.recipient, alice.recipient])
const manifest = utf8(printSealedManifest({ name: 'app', namespace: 'prod' }, [alice.recipient], blob))
const sections = printSections([
  { name: 'production', entries: entries(['A', 'live\n--- end ---\n'], ['PEM', 'a\nb']) },
  { name: 'preview', entries: entries(['A', 'test']) },
]).reveal()

const suites: readonly Suite[] = [
  {
    name: 'sealed files, version 2',
    share: 25,
    samples: [blob, Uint8Array.fromHex(vectors.version2.blob), blob.slice(0, 60)],
    words: ['tvault-encrypted', 'tvault-encrypted\u0001', '\0\0', '\0\u0001', '\0]\u0001', '\u007f\u007f'],
    read(input) {
      const opened = openWithIdentity(input, [alice]).reveal()
      const known = Buffer.compare(opened, plaintext) === 0 || opened.toHex() === vectors.version2.plaintext
      must(known, 'opened to something else')
    },
  },
  {
    name: 'sealed files, version 1',
    share: 15,
    samples: [
      sealWithFileKey(new Secret(plaintext.slice()), new Uint8Array(16), fileKey),
      Uint8Array.fromHex(vectors.version1.blob),
    ],
    words: ['tvault-encrypted', 'tvault-encrypted\u0002', '\0\0\0'],
    read(input) {
      must(Buffer.compare(openWithFileKey(input, fileKey).reveal(), plaintext) === 0, 'opened to something else')
    },
  },
  {
    name: 'recipients files',
    share: 15,
    samples: [utf8(`# team\n${alice.recipient.text}\n\n  ${bob.recipient.text}\r\n`), utf8(`${alice.recipient.text}`)],
    words: [
      '\n',
      '\r\n',
      '#',
      'tvault1',
      'tvault-key1',
      '\u00a0',
      alice.recipient.text,
      alice.recipient.text.toUpperCase(),
      'a',
      '=',
    ],
    read(input) {
      for (const { publicKey, text: shown } of parseRecipients(input)) {
        must(publicKey.length === 32 && /^tvault1[a-z2-7]{51}[aq]$/.test(shown), 'a recipient of another form')
      }
    },
  },
  {
    name: 'files of identities',
    share: 15,
    samples: [Uint8Array.fromHex(vectors.identities.a.file), printIdentityFile('x', bob).reveal()],
    words: ['\n', '#', 'tvault-key1', 'tvault1', '\u2028', 'A', '='],
    read(input) {
      const { recipient } = parseIdentityFile(input)
      must(/^tvault1[a-z2-7]{52}$/.test(recipient.text), 'an identity without a recipient')
    },
  },
  {
    name: 'manifests',
    share: 15,
    samples: [manifest, utf8(vectors.manifest.text), utf8(JSON.stringify(Bun.YAML.parse(text(manifest))))],
    words: [
      '\n',
      '---\n',
      '...',
      ': ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      ', ',
      '"',
      "'",
      '&a ',
      '*a',
      '!!str ',
      '|\n',
      '>-\n',
      '? ',
      '<<: ',
      '# ',
      'kind: x\n',
      'metadata:\n',
      'name: x',
      '    ',
      '%',
      '\t',
      '\r',
      '=',
      '\ufeff',
      '__proto__: ',
    ],
    read(input) {
      const { name, namespace, sealed } = readSealedManifest(input)
      must(/^[a-z0-9.-]+$/.test(name) && /^[a-z0-9-]*$/.test(namespace ?? ''), 'a place that Kubernetes refuses')
      must(sealed instanceof Uint8Array, 'no bytes')
    },
  },
  {
    name: 'sections and what is in them',
    share: 15,
    samples: [
      sections,
      utf8('--- tvault-env:production ---\nA=1\nB=raw value\n--- tvault-env:preview ---\nA=2\n--- end ---\n'),
    ],
    words: [
      '--- tvault-env:',
      '--- tvault-env:preview ---\n',
      '--- end ---\n',
      ' ---',
      '\n',
      '"',
      "'",
      '\\',
      'A=',
      '=',
      '#',
      '\0',
    ],
    read(input) {
      const section = pickSection(new Secret(input.slice()), 'preview')
      must(!/^--- tvault-env:.+ ---$/m.test(text(section.reveal())), 'a section with another one inside')
      const { manifest: rendered } = printRenderedSecret({ name: 'app', namespace: undefined }, section)
      const made = Bun.YAML.parse(text(rendered.reveal())) as { kind?: unknown; metadata?: unknown }
      must(made.kind === 'Secret' && JSON.stringify(made.metadata) === '{"name":"app"}', 'a Secret of another form')
    },
  },
]

const KINDS = new Set(['failed', 'corrupt', 'usage'])
const PRIVATE = [vectors.identities.a.private, vectors.identities.b.private].map((key) => key.slice(20, 40))

describe(`seed ${SEED}`, () => {
  test('the shares are those of a whole', () => {
    expect(suites.reduce((sum, { share }) => sum + share, 0)).toBe(100)
  })

  test.each(suites.map((suite) => [suite.name, suite] as const))('%s', (_name, suite) => {
    const below = randomFrom(SEED)
    const words = suite.words.map((word) => utf8(word))
    const other = concat(...suite.samples, manifest, sections)
    const cases = Math.round((CASES * suite.share) / 100)
    let [read, refused, slowest] = [0, 0, 0]
    const start = performance.now()
    for (let number = 0; number < cases; number++) {
      const input = mutate(suite.samples[below(suite.samples.length)]!, below, words, other)
      const before = performance.now()
      try {
        suite.read(input)
        read += 1
      } catch (error) {
        const told = error instanceof Failure ? `${error.message} ${error.hint ?? ''}` : undefined
        if (
          told === undefined ||
          !KINDS.has((error as Failure).kind) ||
          told.length > 1000 ||
          PRIVATE.some((key) => told.includes(key))
        ) {
          throw new Error(`case ${number} of seed ${SEED}: ${String(error)}: ${input.toHex()}`, { cause: error })
        }
        refused += 1
      }
      const took = performance.now() - before
      if (took > slowest) slowest = took
      if (took > MOST_MILLISECONDS) throw new Error(`case ${number} of seed ${SEED} took ${took} ms: ${input.toHex()}`)
    }
    const seconds = (performance.now() - start) / 1000
    console.log(
      `${suite.name}: ${cases} cases in ${seconds.toFixed(1)} s, ${read} read, ${refused} refused, slowest ${slowest.toFixed(1)} ms`,
    )
    // A mutator that only ever makes rubbish, or nothing but, proves little.
    expect(read).toBeGreaterThan(cases / 1000)
    expect(refused).toBeGreaterThan(cases / 10)
  })
})
