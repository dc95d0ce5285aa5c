// Which importer a file is for. No sample is recognised by two, nothing else is recognised at all, and what is refused
// says what it looks like.
import { beforeAll, describe, expect, test } from 'bun:test'
import { FORMATS } from '../../src/commands/parts/import-foreign.ts'
import { IMPORTERS, importerFor } from '../../src/foreign/importers.ts'
import { utf8 } from '../../src/lib/bytes.ts'
import { failureOf } from '../failure.ts'
import vectors from '../vectors/foreign.json'
import { ageKey, fileInput, sealedBitwarden, sopsDotenv, sopsJson, sopsYaml, zip } from './samples.ts'
import type { ForeignInput } from '../../src/foreign/importer.ts'

const tree = (...names: string[]): ForeignInput => ({
  path: 'store',
  bytes: new Uint8Array(0),
  files: names.map((name) => ({ name, bytes: utf8('x') })),
})
const samples: [format: string, input: ForeignInput][] = []

beforeAll(async () => {
  const { recipient } = await ageKey()
  const file = (format: string, content: string | Uint8Array): void =>
    void samples.push([format, fileInput('nameless', content)])
  file('1pux', zip({ 'export.data': '{}' }))
  file('1password-csv', 'Title,Url,Username,Password,OTPAuth\nA,,,p,\n')
  file('1password-csv', '"Title","Password","Notes"\n')
  file('aws', '[default]\naws_access_key_id = A\n')
  file('aws', '# comment\n[profile x]\nregion=eu\n')
  file('bitwarden', '{"encrypted":false,"folders":[],"items":[]}')
  file('bitwarden', sealedBitwarden('{}', 'x', 'pbkdf2'))
  file('doppler', '{"DOPPLER_PROJECT":"p","DOPPLER_CONFIG":"c","A":"1"}')
  file('doppler', '{"A":{"raw":"1","computed":"1"}}')
  file('dotenvx', vectors.dotenvx.env)
  file('infisical', '[{"key":"A","value":"1"}]')
  file('keepass', Uint8Array.fromBase64(vectors.kdbx3))
  file('keepass', Uint8Array.fromBase64(vectors.kdbx['argon2d-aes256']))
  file('sops', await sopsYaml({ A: '1' }, recipient))
  file('sops', await sopsJson({ A: '1' }, recipient))
  file('sops', await sopsDotenv({ A: '1' }, recipient))
  file('vault', '{"request_id":"r","lease_id":"","lease_duration":0,"data":{"a":"b"}}')
  samples.push(['pass', tree('.gpg-id', 'a.gpg')], ['pass', tree('team/.gpg-id', 'team/a.gpg')])
  samples.push(['gopass', tree('.age-recipients', 'a.age')], ['gopass', tree('.gopass.yml', '.gpg-id', 'a.gpg')])
})

test('each sample is recognised by its importer and by no other', () => {
  for (const [format, input] of samples) {
    const found = IMPORTERS.filter((importer) => importer.recognise(input)).map((importer) => importer.format)
    expect([format, found]).toEqual([format, [format]])
    expect(importerFor('auto', input).format).toBe(format)
  }
  expect(new Set(samples.map(([format]) => format)).size).toBe(IMPORTERS.length)
})

test('the words of --from are the importers', () => {
  expect([...FORMATS].map(String).sort()).toEqual(['auto', ...IMPORTERS.map(({ format }) => format)].sort())
  expect([...FORMATS.slice(1)]).toEqual([...FORMATS.slice(1)].sort())
})

describe('what is not recognised is told', () => {
  test.each([
    ['A=1\nB=2\n', 'is a plain dotenv file'],
    ['{"a": 1,}', 'is not valid JSON: line 1, column 9'],
    ['{"a": 1}', 'is in no format that is recognised'],
    ['', 'is in no format that is recognised'],
    ['age-encryption.org/v1\n-> X25519', 'is encrypted with age as a whole'],
    [new Uint8Array(4096).fill(0xff), 'is in no format'],
    [Uint8Array.from([...new Uint8Array(16), 0xed, 0xda, 0x0c, 0xed, ...new Uint8Array(100)]), 'the Go TinyVault'],
    ['PK\u0003\u0004 cut', 'is in no format'],
    ['some: yaml\nwithout: sops\n', 'is in no format'],
  ])('%p', async (content, message) => {
    const failure = await failureOf(Promise.resolve().then(() => importerFor('auto', fileInput('x', content))))
    expect([failure.kind, failure.message]).toEqual(['failed', expect.stringContaining(message)])
  })

  test('a directory that is no tree, and a file where a tree is meant', async () => {
    const attempt = (format: string, input: ForeignInput) =>
      failureOf(Promise.resolve().then(() => importerFor(format, input)))
    expect((await attempt('auto', tree('README.md'))).message).toContain('no tree of pass or gopass')
    expect((await attempt('pass', fileInput('x', 'y'))).message).toContain('x is a file, and pass is')
    expect((await attempt('sops', tree('.gpg-id'))).message).toContain('store is a directory')
  })
})
