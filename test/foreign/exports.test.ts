// What the exports of password managers and the files of secret services become: keys, values, and what is told.
import { describe, expect, test } from 'bun:test'
import { aws } from '../../src/foreign/aws.ts'
import { bitwarden } from '../../src/foreign/bitwarden.ts'
import { doppler } from '../../src/foreign/doppler.ts'
import { dotenvx } from '../../src/foreign/dotenvx.ts'
import { infisical } from '../../src/foreign/infisical.ts'
import { onePasswordCsv } from '../../src/foreign/one-password-csv.ts'
import { onePux } from '../../src/foreign/one-password-1pux.ts'
import { vaultKv } from '../../src/foreign/vault-kv.ts'
import { failureOf } from '../failure.ts'
import vectors from '../vectors/foreign.json'
import { asking, fileInput, read, sealedBitwarden, zip } from './samples.ts'

const json = (value: unknown): string => JSON.stringify(value, undefined, 2)

describe('1Password', () => {
  const item = (title: string, details: object, more: object = {}) => ({
    uuid: 'u',
    state: 'active',
    overview: {
      title,
      url: 'https://a.example',
      urls: [{ label: 'w', url: 'https://a.example' }, { url: 'https://b.example' }],
    },
    details: { loginFields: [], notesPlain: '', sections: [], passwordHistory: [], ...details },
    ...more,
  })
  const content = json({
    accounts: [
      {
        attrs: { name: 'me' },
        vaults: [
          {
            attrs: { name: 'Personal' },
            items: [
              item('GitHub', {
                loginFields: [
                  { value: 'octo', designation: 'username', name: 'login' },
                  { value: 'pä"ss', designation: 'password' },
                  { value: '', name: 'empty' },
                ],
                notesPlain: 'two\nlines',
                sections: [
                  {
                    title: 'Security',
                    fields: [
                      { title: 'one-time password', id: 'TOTP_1', value: { totp: 'otpauth://totp/x?secret=ABC' } },
                      { title: 'Recovery Codes', value: { concealed: 'r-1' } },
                      { title: 'born', value: { date: 0 } },
                      { title: 'expires', value: { monthYear: 203012 } },
                      { title: 'mail', value: { email: { email_address: 'a@b.example', provider: null } } },
                      {
                        title: 'key',
                        value: { sshKey: { privateKey: '-----BEGIN X-----\n', metadata: { publicKey: 'p' } } },
                      },
                      { title: 'scan', value: { file: { fileName: 'x.pdf', documentId: 'd' } } },
                      { title: 'passkey', value: { passkey: null } },
                    ],
                  },
                  { title: '', fields: [{ title: 'PIN', value: { concealed: '0042' } }] },
                ],
                passwordHistory: [{ value: 'older', time: 1 }],
              }),
              { item: item('Old form', { password: 'p-2' }) },
              item('Gone', { password: 'x' }, { state: 'archived' }),
            ],
          },
        ],
      },
    ],
  })

  test('1PUX', async () => {
    const archive = zip({ 'export.attributes': '{}', 'export.data': content, 'files/d___x.pdf': 'PDF' })
    expect(onePux.recognise(fileInput('x', archive))).toBeTrue()
    const { values, foreign } = await read(onePux, fileInput('x.1pux', archive))
    expect(values).toEqual({
      GITHUB_USERNAME: 'octo',
      GITHUB_PASSWORD: 'pä"ss',
      GITHUB_URL: 'https://a.example',
      GITHUB_URL_2: 'https://b.example',
      GITHUB_NOTES: 'two\nlines',
      GITHUB_SECURITY_ONE_TIME_PASSWORD: 'otpauth://totp/x?secret=ABC',
      GITHUB_SECURITY_RECOVERY_CODES: 'r-1',
      GITHUB_SECURITY_EXPIRES: '203012',
      GITHUB_SECURITY_MAIL_EMAIL_ADDRESS: 'a@b.example',
      GITHUB_SECURITY_KEY: '-----BEGIN X-----\n',
      GITHUB_PIN: '0042',
      OLD_FORM_PASSWORD: 'p-2',
      OLD_FORM_URL: 'https://a.example',
      OLD_FORM_URL_2: 'https://b.example',
    })
    expect(foreign.notes.filter(({ kind }) => kind === 'skipped')).toEqual([
      { kind: 'skipped', what: 'Security / scan', where: 'Personal / GitHub', why: 'an attachment' },
      {
        kind: 'skipped',
        what: '1 earlier password(s)',
        where: 'Personal / GitHub',
        why: 'only the present one is taken',
      },
      { kind: 'skipped', what: 'the whole item', where: 'Personal / Gone', why: 'it is archived' },
    ])
  })

  test('CSV', async () => {
    const csv =
      'Title,Url,Username,Password,OTPAuth,Favorite,Archived,Tags,Notes\r\n' +
      'GitHub,https://github.com,octo,"p,a""ss",otpauth://totp/x,false,false,work,"a\nb"\r\n' +
      'Old,,,x,,false,true,,\r\n'
    expect(onePasswordCsv.recognise(fileInput('x', csv))).toBeTrue()
    const { values, foreign } = await read(onePasswordCsv, fileInput('x.csv', csv))
    expect(values).toEqual({
      GITHUB_URL: 'https://github.com',
      GITHUB_USERNAME: 'octo',
      GITHUB_PASSWORD: 'p,a"ss',
      GITHUB_TOTP: 'otpauth://totp/x',
      GITHUB_NOTES: 'a\nb',
    })
    expect(foreign.notes).toEqual([
      { kind: 'skipped', what: 'the whole item', where: 'Old (line 4)', why: 'it is archived' },
    ])
    const short = fileInput('x.csv', 'Title,Url,Password\nA,b\n')
    expect((await failureOf(onePasswordCsv.read(short, asking({})))).message).toBe(
      'x.csv: line 2 has 2 cells, the first line has 3',
    )
  })
})

describe('Bitwarden', () => {
  const content = json({
    encrypted: false,
    folders: [{ id: 'f1', name: 'Work' }],
    items: [
      {
        type: 1,
        name: 'GitHub',
        folderId: 'f1',
        notes: 'n',
        fields: [
          { name: 'API Token', value: 't-1', type: 1 },
          { name: 'same', value: null, type: 3, linkedId: 100 },
        ],
        login: {
          username: 'octo',
          password: 'p',
          totp: 'JBSW',
          uris: [{ match: null, uri: 'https://github.com' }],
          fido2Credentials: [{ credentialId: 'c' }],
        },
        passwordHistory: [{ password: 'older' }, { password: 'oldest' }],
      },
      { type: 3, name: 'Visa', card: { number: '4111', expMonth: '1', expYear: '2030', code: '123', brand: 'Visa' } },
      { type: 5, name: 'Deploy', sshKey: { privateKey: 'PRIV', publicKey: 'PUB', keyFingerprint: 'SHA256:x' } },
      { type: 4, name: 'Me', identity: { firstName: 'A', passportNumber: 'P1', address1: 'Street 1' } },
      { type: 2, name: 'Gone', notes: 'x', deletedDate: '2026-01-01T00:00:00Z' },
    ],
  })
  const expected = {
    GITHUB_USERNAME: 'octo',
    GITHUB_PASSWORD: 'p',
    GITHUB_TOTP: 'JBSW',
    GITHUB_URL: 'https://github.com',
    GITHUB_NOTES: 'n',
    GITHUB_API_TOKEN: 't-1',
    VISA_BRAND: 'Visa',
    VISA_NUMBER: '4111',
    VISA_EXPIRY_MONTH: '1',
    VISA_EXPIRY_YEAR: '2030',
    VISA_CODE: '123',
    DEPLOY_PRIVATE_KEY: 'PRIV',
    DEPLOY_PUBLIC_KEY: 'PUB',
    DEPLOY_FINGERPRINT: 'SHA256:x',
    ME_FIRST_NAME: 'A',
    ME_PASSPORT_NUMBER: 'P1',
    ME_ADDRESS_1: 'Street 1',
  }

  test('plain', async () => {
    const { values, foreign } = await read(bitwarden, fileInput('b.json', content))
    expect(values).toEqual(expected)
    expect(foreign.notes.map(({ what, where }) => `${where}: ${what}`)).toEqual([
      'Work / GitHub: same',
      'Work / GitHub: 1 passkey(s)',
      'Work / GitHub: 2 earlier password(s)',
      'Gone: the whole item',
    ])
  })

  test.each(['pbkdf2', 'argon2id'] as const)('protected by a password, %s', async (kind) => {
    const sealed = sealedBitwarden(content, 'pässwort', kind)
    expect(bitwarden.recognise(fileInput('b.json', sealed))).toBeTrue()
    const { values } = await read(bitwarden, fileInput('b.json', sealed), { passphrase: 'pässwort' })
    expect(values).toEqual(expected)
    const wrong = await failureOf(bitwarden.read(fileInput('b.json', sealed), asking({ passphrase: 'other' })))
    expect([wrong.kind, wrong.message]).toEqual(['failed', 'the password does not open b.json'])
    const parsed = JSON.parse(sealed) as { data: string }
    const [head = '', body = '', tag = ''] = parsed.data.split('|')
    parsed.data = [head, body.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')), tag].join('|')
    const damaged = await failureOf(
      bitwarden.read(fileInput('b.json', json(parsed)), asking({ passphrase: 'pässwort' })),
    )
    expect(damaged.kind).toBe('corrupt')
  })

  test('one for an account is refused, and so is a file that asks for too much work', async () => {
    const account = fileInput('b.json', json({ encrypted: true, encKeyValidation_DO_NOT_EDIT: '2.a|b|c', items: [] }))
    expect(bitwarden.recognise(account)).toBeTrue()
    const ask = asking({ passphrase: 'x' })
    expect((await failureOf(bitwarden.read(account, ask))).message).toContain('only that account can open it')
    expect(ask.asked).toEqual([])
    const greedy = { ...(JSON.parse(sealedBitwarden('{}', 'x', 'argon2id')) as object), kdfMemory: 9_000_000 }
    expect((await failureOf(bitwarden.read(fileInput('b.json', json(greedy)), ask))).message).toContain('kdfMemory')
  })
})

describe('services', () => {
  test('Doppler, three forms', async () => {
    const flat = { DOPPLER_PROJECT: 'p', DOPPLER_CONFIG: 'dev', DOPPLER_ENVIRONMENT: 'dev', DB_URL: 'x', EMPTY: '' }
    const detailed = { DB_URL: { computed: 'x', raw: '${A}', note: '' }, HIDDEN: { computed: null, raw: null } }
    for (const form of [flat, detailed, { secrets: detailed }]) {
      expect(doppler.recognise(fileInput('d.json', json(form)))).toBeTrue()
    }
    expect((await read(doppler, fileInput('d.json', json(flat)))).values).toEqual({ DB_URL: 'x', EMPTY: '' })
    const { values, foreign } = await read(doppler, fileInput('d.json', json({ secrets: detailed })))
    expect(values).toEqual({ DB_URL: 'x' })
    expect(foreign.notes).toEqual([
      { kind: 'skipped', what: 'HIDDEN', where: 'd.json:8', why: 'its value is not in the file' },
    ])
  })

  test('Infisical, two forms', async () => {
    const list = [
      { key: 'A', value: '1', type: 'shared', comment: '' },
      { key: 'A', value: '2', type: 'personal', secretPath: '/web' },
      { key: 'B', value: '' },
    ]
    expect(infisical.recognise(fileInput('i.json', json(list)))).toBeTrue()
    const { values, foreign } = await read(infisical, fileInput('i.json', json(list)))
    expect(values).toEqual({ A: '1', A_2: '2', B: '' })
    expect(foreign.notes).toEqual([{ kind: 'renamed', what: 'A_2', where: 'web/A', why: 'A is the name of A' }])
    const api = { secrets: [{ secretKey: 'C', secretValue: '3' }, { secretKey: 'D' }] }
    expect((await read(infisical, fileInput('i.json', json(api)))).values).toEqual({ C: '3' })
  })

  test('Vault KV, both versions; a number keeps its digits, a structure is JSON', async () => {
    const around = { request_id: 'r', lease_id: '', lease_duration: 0, renewable: false, warnings: null }
    const pairs = '{"user":"u","port":5432.10,"on":true,"list":[1, "a"],"gone":null,"data":"d"}'
    const first = json(around).replace('{', `{"data":${pairs},`)
    const second = json(around).replace('{', `{"data":{"data":${pairs},"metadata":{"version":3}},`)
    const expected = { user: 'u', port: '5432.10', on: 'true', list: '[1, "a"]', data: 'd' }
    for (const source of [first, second]) {
      expect(vaultKv.recognise(fileInput('v.json', source))).toBeTrue()
      expect((await read(vaultKv, fileInput('v.json', source))).values).toEqual(expected)
    }
    const deleted = json({ ...around, data: { data: null, metadata: { version: 3, destroyed: true } } })
    expect((await failureOf(vaultKv.read(fileInput('v.json', deleted), asking({})))).message).toContain('deleted')
  })

  test('AWS credentials and config', async () => {
    const credentials =
      '# mine\n[default]\naws_access_key_id = AKIA1\naws_secret_access_key=abc/def+=\n\n[staging]\r\naws_access_key_id = AKIA2\r\n'
    const config =
      '[default]\nregion = eu-west-1\ns3 =\n  max_queue_size = 1000\n[profile staging]\nrole_arn = arn:x\n[sso-session corp]\nsso_region = us-east-1\n'
    for (const source of [credentials, config]) expect(aws.recognise(fileInput('x', source))).toBeTrue()
    expect((await read(aws, fileInput('c', credentials))).values).toEqual({
      AWS_ACCESS_KEY_ID: 'AKIA1',
      AWS_SECRET_ACCESS_KEY: 'abc/def+=',
      STAGING_AWS_ACCESS_KEY_ID: 'AKIA2',
    })
    const { values, foreign } = await read(aws, fileInput('c', config))
    expect(values).toEqual({ AWS_REGION: 'eu-west-1', STAGING_AWS_ROLE_ARN: 'arn:x' })
    expect(foreign.notes.map(({ what, where }) => [what, where])).toEqual([
      ['max_queue_size', 'c:4'],
      ['[sso-session corp]', 'c:7'],
    ])
    const broken = fileInput('c', '[default]\naws_access_key_id\n')
    expect((await failureOf(aws.read(broken, asking({})))).message).toBe(
      'c: line 2 is neither a section nor NAME = VALUE',
    )
  })
})

describe('dotenvx', () => {
  const { env, keys } = vectors.dotenvx

  test('a file that dotenvx wrote, with its keys beside it or named', async () => {
    const input = fileInput('.env.production', `${env}LATER="plain\\nvalue"\n`)
    expect(dotenvx.recognise(input)).toBeTrue()
    for (const played of [{ beside: { '.env.keys': keys } }, { keyFile: keys }]) {
      const { values, foreign } = await read(dotenvx, input, played)
      expect(values).toEqual({
        HELLO: 'World\nline 2',
        PLAIN: 'x',
        Q: '$HOME',
        E: '',
        U: 'Grüße',
        LATER: 'plain\nvalue',
      })
      expect(foreign.notes.map(({ kind, what }) => [kind, what])).toEqual([['ignored', 'DOTENV_PUBLIC_KEY_PRODUCTION']])
    }
  })

  test('no key, another key, a damaged value: refused with the line, nothing shown', async () => {
    const input = (): ReturnType<typeof fileInput> => fileInput('.env.production', env)
    expect((await failureOf(dotenvx.read(input(), asking({})))).hint).toContain('--key-file')
    const other = { keyFile: `DOTENV_PRIVATE_KEY=${'1'.repeat(64)}\n` }
    const wrong = await failureOf(dotenvx.read(input(), asking(other)))
    expect(wrong.message).toMatch(/^\.env\.production:\d+: none of the private keys opens the value of E$/)
    const damaged = fileInput('.env', env.replace('encrypted:BCiq', 'encrypted:BCir'))
    expect((await failureOf(dotenvx.read(damaged, asking({ keyFile: keys })))).message).toContain('the value of HELLO')
    const noBase64 = fileInput('.env', env.replace('encrypted:BCiq', 'encrypted:!!!!'))
    expect((await failureOf(dotenvx.read(noBase64, asking({ keyFile: keys })))).message).toContain('is not base64')
    expect((await failureOf(dotenvx.read(input(), asking({ keyFile: 'A=1\n' })))).message).toContain(
      'DOTENV_PRIVATE_KEY',
    )
  })
})
