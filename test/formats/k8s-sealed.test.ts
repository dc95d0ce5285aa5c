// SealedSecret manifests: those of the peer, ours, and manifests that somebody prepared.
import { describe, expect, test } from 'bun:test'
import { Identity, parseRecipient } from '../../src/crypto/recipient.ts'
import {
  checkPlace,
  isSealedManifest,
  printRenderedSecret,
  printSealedManifest,
  readSealedManifest,
} from '../../src/formats/k8s-sealed.ts'
import { openWithIdentity, sealToRecipients } from '../../src/formats/sealed.ts'
import { parseFirstDocument } from '../../src/formats/yaml-keys.ts'
import { concat, utf8 } from '../../src/lib/bytes.ts'
import { Failure } from '../../src/lib/errors.ts'
import { Secret } from '../../src/lib/secret.ts'
import vectors from '../vectors/sealed.json'

const identity = Identity.parse(Secret.fromText(vectors.identities.a.private))
const data = sealToRecipients(Secret.fromText('A=1\n'), [identity.recipient]).toBase64()
const manifest = (change: Partial<Record<'head' | 'name' | 'namespace' | 'data' | 'more', string>> = {}): string =>
  `${change.head ?? 'apiVersion: tinyvault.dev/v1\nkind: SealedSecret'}
metadata:
    name: ${change.name ?? 'app'}
    namespace: ${change.namespace ?? 'prod'}
spec:
    encryptedData: ${change.data ?? data}
${change.more ?? ''}`

function problem(text: string | Uint8Array): string {
  try {
    readSealedManifest(typeof text === 'string' ? utf8(text) : text)
    return 'read'
  } catch (error) {
    if (error instanceof Failure) return `${error.kind}: ${error.message}`
    throw error
  }
}

function rendered(body: string | Uint8Array, namespace?: string): { text: string; keys: number } {
  const secret = typeof body === 'string' ? Secret.fromText(body) : new Secret(body)
  const { manifest: made, keys } = printRenderedSecret({ name: 'app', namespace }, secret)
  return { text: new TextDecoder().decode(made.reveal()), keys }
}

describe('reading', () => {
  test('one of the peer', () => {
    const { name, namespace, sealed, more } = readSealedManifest(utf8(vectors.manifest.text))
    expect([name, namespace, more]).toEqual(['app', 'default', false])
    const body = openWithIdentity(sealed, [identity])
    expect(new TextDecoder().decode(body.reveal())).toContain('ONE="a b"\n')
  })

  test('ours, there and back; recipients are information', () => {
    const sealed = sealToRecipients(Secret.fromText('A=1\n'), [identity.recipient])
    const text = printSealedManifest(
      { name: 'app', namespace: '007' },
      [parseRecipient(vectors.identities.b.recipient)],
      sealed,
    )
    expect(readSealedManifest(utf8(text))).toEqual({ name: 'app', namespace: '007', sealed, more: false })
    expect(isSealedManifest(utf8(text))).toBeTrue()
    expect(Bun.YAML.parse(text)).toMatchObject({
      metadata: { namespace: '007' },
      spec: { recipients: [vectors.identities.b.recipient] },
    })
  })

  test('only the first document, and that is told', () => {
    const text = manifest({ more: `---\n${manifest({ name: 'other' })}` })
    expect(readSealedManifest(utf8(`---\n${text}`))).toMatchObject({ name: 'app', more: true })
  })

  test('as other tools write it: JSON, quotes, folded, comments, Windows', () => {
    const json = JSON.stringify({
      kind: 'SealedSecret',
      metadata: { name: 'app', labels: { a: 'b' } },
      spec: { encryptedData: data },
    })
    expect(readSealedManifest(utf8(json))).toMatchObject({ name: 'app', namespace: undefined })
    expect(problem(manifest({ name: '"app" # c', data: `'${data}'` }))).toBe('read')
    expect(problem(manifest().replaceAll('\n', '\r\n'))).toBe('read')
    expect(problem(manifest({ data: `|-\n        ${data}` }))).toBe('read')
    expect(problem(`\ufeff${manifest()}`)).toBe('read')
  })

  test.each([
    ['another kind', manifest({ head: 'kind: Secret' }), 'not of kind SealedSecret'],
    ['another tool', manifest({ head: 'apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret' }), 'another tool'],
    ['a key twice', manifest({ more: '    encryptedData: AAAA' }), 'a key comes twice'],
    ['a key twice, in quotes', manifest({ more: '    "encryptedData": AAAA' }), 'a key comes twice'],
    ['a key twice, in braces', manifest({ head: 'x: {a: 1, a: 2}\nkind: SealedSecret' }), 'a key comes twice'],
    ['a key twice at the top', manifest({ more: 'kind: Secret' }), 'a key comes twice'],
    ['an anchor', manifest({ name: '&x app' }), 'line 4: an anchor'],
    ['an alias', manifest({ more: 'x: *y' }), 'an anchor'],
    ['a tag', manifest({ data: `!!binary ${data}` }), 'a tag'],
    ['a merge key', manifest({ more: '<<: {a: 1}' }), 'a merge key'],
    ['a complex key', manifest({ more: '? kind\n: Secret' }), 'a key with ?'],
    ['a directive', `%YAML 1.1\n---\n${manifest()}`, 'a directive'],
    ['deep brackets', manifest({ more: `x: ${'['.repeat(100_000)}` }), 'too many levels'],
    ['deep lists', manifest({ more: `${'- '.repeat(100_000)}x` }), 'too many levels'],
    ['no base64', manifest({ data: 'AA==AA' }), 'not base64'],
    ['base64 without padding', manifest({ data: 'AAA' }), 'not base64'],
    ['a number', manifest({ data: '12345678' }).replace('encryptedData: 12', 'encryptedData: 12'), 'not text'],
    ['nothing sealed', manifest({ data: '' }), 'missing or not text'],
    ['a name that is a list', manifest({ name: '[a]' }), 'metadata.name'],
    ['a name that Kubernetes refuses', manifest({ name: 'Bad Name' }), 'metadata.name is not a name'],
    ['a namespace that is a number', manifest({ namespace: '7' }), 'metadata.namespace'],
    ['no mapping', '- a\n', 'not of kind SealedSecret'],
    ['nothing', '', 'not of kind SealedSecret'],
    ['no YAML', 'a: b: c\n', 'not valid YAML'],
    ['an open quote', "a: 'x\n", 'a quote that is not closed'],
  ])('%s', (_what, text, expected) => {
    expect(problem(text)).toStartWith('failed: ')
    expect(problem(text)).toContain(expected)
    expect(isSealedManifest(utf8(text))).toBeFalse()
  })

  test('bytes that are no text', () => {
    expect(problem(concat(utf8(manifest()), Uint8Array.of(0xff)))).toBe('failed: the manifest is not UTF-8 text')
  })
})

describe('keys are counted', () => {
  test.each([
    'a: 1 # b: 2\n',
    'a: "b: 1\n  c: 2"\nd: 3',
    "a: 'it''s: x'\nb: 1",
    'a: |\n  b: 1\n\n  c: 2\nd: >-\n   e: 1\n',
    'a:\n- b: 1\n  c: 2\n-\n  d: 1\n- - e: 1\n',
    'a: {b: 1, "c":2, d, e: [f: 1, {g: }]}\nurl: http://x:1/y\n',
    'a: [1,\n  2, # c: 3\n  {b: 1}]\n',
    '__proto__: {a: 1}\n',
    '- |\n  a: b\n- c: 1\n',
    'long text: over\n  two lines\nb: 1\n',
    '? [a]\n',
  ])('%j is read as the parser reads it, or refused', (text) => {
    let value: unknown
    try {
      ;({ value } = parseFirstDocument(text))
    } catch (error) {
      expect((error as Failure).kind).toBe('failed')
      return
    }
    expect(value).toEqual(Bun.YAML.parse(text))
  })

  test.each([
    'a: 1\nb:\n  c: 1\n  c: 2\n',
    '- a: 1\n  a: 2\n',
    'a: [{b: 1, b: 2}]\n',
    "a: 1\n'a': 2\n",
    '1: a\n"1": b\n',
    '"a" : 1\na : 2\n',
  ])('%j is refused', (text) => {
    expect(() => parseFirstDocument(text)).toThrow('a key comes twice')
  })
})

describe('the Secret', () => {
  test('texts bare or quoted, bytes in base64, sorted', () => {
    const { text, keys } = rendered(
      concat(utf8('Z=postgres://glyph\nPEM="a\\nb"\nNO=no\nNUM=007\nBIN='), Uint8Array.of(0xff), utf8('\nC=a:\n')),
      'prod',
    )
    expect(text).toBe(`apiVersion: v1
kind: Secret
metadata:
    name: app
    namespace: prod
type: Opaque
stringData:
    C: "a:"
    "NO": "no"
    NUM: "007"
    PEM: "a\\nb"
    Z: postgres://glyph
data:
    BIN: "/w=="
`)
    expect(keys).toBe(6)
    expect(Bun.YAML.parse(text)).toMatchObject({ stringData: { C: 'a:', NO: 'no', NUM: '007', PEM: 'a\nb' } })
  })

  test('of nothing, and without a namespace', () => {
    expect(Bun.YAML.parse(rendered('').text)).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'app' },
      type: 'Opaque',
      stringData: {},
    })
  })

  test('a body that is not dotenv throughout is refused: a missing key is found out too late', () => {
    expect(() => rendered('A=1\nnot a line\n')).toThrow('line 2')
  })

  test('names are checked before sealing', () => {
    expect(() => checkPlace({ name: undefined, namespace: 'default' })).toThrow('--name is required for --format k8s')
    expect(() => checkPlace({ name: 'A', namespace: 'default' })).toThrow('--name is not a name')
    expect(() => checkPlace({ name: 'a', namespace: 'a.b' })).toThrow('--namespace')
  })
})
