import { expect, test } from 'bun:test'
import { utf8 } from '../../src/lib/bytes.ts'
import { withCredential } from '../../src/formats/credential-files.ts'
import type { CredentialFormat } from '../../src/formats/credential-files.ts'
import { Secret } from '../../src/lib/secret.ts'

function put(
  format: CredentialFormat,
  before: string,
  value = 'npm_9Xw4Zr7',
  host = 'registry.example.com',
  user = 'me',
) {
  const secret = Secret.fromText(value)
  return Buffer.from(withCredential(utf8(before), format, { host, user, value: secret }).reveal()).toString()
}

test('.npmrc: the line of the registry is replaced, the rest stays', () => {
  const before = '; mine\nfund=false\n//registry.example.com/:_authToken=old\n//other/:_authToken=theirs'
  expect(put('npmrc', before)).toBe(
    '; mine\nfund=false\n//other/:_authToken=theirs\n//registry.example.com/:_authToken=npm_9Xw4Zr7\n',
  )
  expect(put('npmrc', '', 'abc=', 'a.test:8080/npm/')).toBe('//a.test:8080/npm/:_authToken=abc=\n')
})

test('.netrc: first, because the first entry counts', () => {
  const before =
    'machine other login a password b\nmachine registry.example.com\n  login x\n  password y\ndefault login c password d\n'
  const after = put('netrc', before)
  expect(after).toBe(
    'machine registry.example.com login me password npm_9Xw4Zr7\nmachine other login a password b\ndefault login c password d\n',
  )
  expect(put('netrc', after)).toBe(after)
})

test('docker: other registries and settings stay', () => {
  const before = JSON.stringify({ auths: { other: { auth: 'x' } }, detachKeys: 'ctrl-q' })
  expect(JSON.parse(put('docker', before))).toEqual({
    auths: { other: { auth: 'x' }, 'registry.example.com': { auth: Buffer.from('me:npm_9Xw4Zr7').toString('base64') } },
    detachKeys: 'ctrl-q',
  })
})

test.each([
  ['npmrc', '', 'a\nb'],
  ['npmrc', '', 'a;b'],
  ['npmrc', '', '${HOME}'],
  ['npmrc', '', 'a=b'],
  ['netrc', '', 'a b'],
  ['netrc', '', 'a#b'],
  ['netrc', 'macdef init\ncd /\n\n', 'abc'],
  ['netrc', 'machine "a b" login c', 'abc'],
  ['docker', '{', 'abc'],
  ['docker', '[]', 'abc'],
  ['docker', '{"auths":[]}', 'abc'],
  ['docker', '{"credsStore":"desktop"}', 'abc'],
  ['docker', '{"credHelpers":{"registry.example.com":"x"}}', 'abc'],
  ['npmrc', '\ufffd'.repeat(3), ''],
] as const)('%s %j with %j is refused, and the value not repeated', (format, before, value) => {
  expect(() => put(format, before, value)).toThrow()
  try {
    put(format, before, value)
  } catch (error) {
    if (value !== '' && value.length > 3) expect(String(error)).not.toContain(value)
  }
})

test.each(['a b', 'a\nb', '../x y', ''])('host %j is none', (host) => {
  expect(() => put('npmrc', '', 'abc', host)).toThrow('host')
})
