import { expect, test } from 'bun:test'
import { isAddress, isPublicAddress } from '../../src/guard/addresses.ts'

test.each([
  '1.1.1.1',
  '8.8.8.8',
  '172.15.0.1',
  '172.32.0.1',
  '192.169.0.1',
  '100.128.0.1',
  '2606:4700::1111',
  '2a00::1',
])('%s is public', (address) => expect(isPublicAddress(address)).toBe(true))

test.each([
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '192.0.2.5',
  '198.19.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::127.0.0.1',
  '64:ff9b::a00:1',
  'fe80::1',
  'fc00::1',
  'fd12:3456::1',
  'ff02::1',
  '2001:db8::1',
  '2001::1',
  '2002:7f00:1::',
  '3fff::1',
  'fe80::1%eth0',
  '2606:4700::1:2:3:4:5:6:7',
  '1:2:3',
  '',
  'localhost',
  '127.1',
  '0x7f.0.0.1',
  '2130706433',
])('%s is not', (address) => expect(isPublicAddress(address)).toBe(false))

test('what is an address and no name', () => {
  expect(['1.2.3.4', '[::1]', '::1'].map(isAddress)).toEqual([true, true, true])
  expect(['example.com', '1.2.3', 'a::b::c'].map(isAddress)).toEqual([false, false, false])
})
