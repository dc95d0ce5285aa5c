// Big files that are made to take long or to take memory: each ends soon, with a result or a failure that says why.
import { beforeAll, expect, test } from 'bun:test'
import { IMPORTERS, importerFor } from '../../src/foreign/importers.ts'
import { Failure } from '../../src/lib/errors.ts'
import { ageKey, asking, fileInput, sopsYaml } from './samples.ts'

const SECONDS = 8
let identity: string
let sealed: string

beforeAll(async () => {
  const key = await ageKey()
  identity = key.identity
  sealed = await sopsYaml({ A: 'one' }, key.recipient)
})

const bomb = (): string =>
  Array.from({ length: 40 }, (_, i) => `${i}: &x${i} [${i === 0 ? '1, 1' : `*x${i - 1}, *x${i - 1}`}]`).join('\n')

test.each([
  ['doppler', () => `{"secrets":{${Array.from({ length: 100_000 }, (_, i) => `"A${i}":null`).join(',')}}}`],
  [
    'doppler',
    () =>
      `{"DOPPLER_PROJECT":"","DOPPLER_CONFIG":"",${Array.from({ length: 50_000 }, (_, i) => `"A ${i}":"x"`).join(',')}}`,
  ],
  ['infisical', () => `[${'{"key":"A","value":"x"},'.repeat(50_000)}{"key":"A","value":"x"}]`],
  ['infisical', () => '['.repeat(1_500_000)],
  ['vault', () => `{"data":{"a":"${'\\u00e4'.repeat(400_000)}"},"request_id":1,"lease_id":1,"lease_duration":1}`],
  ['bitwarden', () => `{"encrypted":false,"items":[${'1,'.repeat(1_000_000)}1]}`],
  ['1password-csv', () => `Title,Password,Notes\n${'"""",'.repeat(500_000)}`],
  ['1password-csv', () => `Title,Password,Notes\n${'a,b,c\n'.repeat(70_000)}`],
  ['aws', () => `[default]\n${'aws_a = b\n'.repeat(500_000)}`],
  ['aws', () => `[default]\n${'[services x]\n'.repeat(500_000)}`],
  ['sops', () => `${bomb()}\n${sealed}`],
  ['sops', () => `${sealed}${Array.from({ length: 40_000 }, (_, i) => `a${i}${' '.repeat(250)}\n`).join('')}`],
  ['sops', () => `${Array.from({ length: 40_000 }, (_, i) => `${i}: ENC[AES256_GCM,${i}]\n`).join('')}${sealed}`],
  ['sops', () => `${Array.from({ length: 3000 }, (_, i) => `${' '.repeat(i)}a:\n`).join('')}${sealed}`],
  ['dotenvx', () => 'A=encrypted:AAAA\n'.repeat(400_000)],
])(
  '%s (%#)',
  async (format, make) => {
    const input = fileInput('big', make())
    const start = performance.now()
    for (const importer of IMPORTERS) importer.recognise(input)
    try {
      const keyFile = format === 'dotenvx' ? `DOTENV_PRIVATE_KEY=${'1'.repeat(64)}` : identity
      const { entries, notes } = await importerFor(format, input).read(input, asking({ keyFile }))
      expect(entries.length + notes.length).toBeGreaterThan(0)
      for (const { value } of entries) value.wipe()
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      expect(['failed', 'corrupt']).toContain(error.kind)
    }
    expect((performance.now() - start) / 1000).toBeLessThan(SECONDS)
  },
  30_000,
)

test.each([
  ['many empty lines', '\n'.repeat(60_000)],
  ['a long line', 'x'.repeat(1_500_000)],
  ['fields without end', 'a: b\n'.repeat(13_000)],
])('a file of pass with %s', async (_, content) => {
  const files = [{ name: 'a.gpg', bytes: new Uint8Array(1) }]
  const start = performance.now()
  const input = { path: 'store', bytes: new Uint8Array(0), files }
  const gpg = async (): Promise<Uint8Array> => new TextEncoder().encode(content)
  const { entries } = await importerFor('pass', input).read(input, asking({ gpg }))
  for (const { value } of entries) value.wipe()
  expect((performance.now() - start) / 1000).toBeLessThan(SECONDS)
})
