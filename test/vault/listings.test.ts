// Lists that are kept: they hold for one state of the store and no longer.
import { expect, test } from 'bun:test'
import { Listings } from '../../src/vault/listings.ts'
import type { SecretInfo } from '../../src/vault/view.ts'

const info = (key: string): SecretInfo => ({ project: 'p', key, version: 1, createdAt: 0n, updatedAt: 0n, size: 1 })

test('a list is walked once for one state, and again for the next', () => {
  const listings = new Listings()
  let walks = 0
  const walk = () => {
    walks += 1
    return [info(`K${walks}`)]
  }
  expect(listings.of('1', 'p', walk)[0]?.key).toBe('K1')
  expect(listings.of('1', 'p', walk)[0]?.key).toBe('K1')
  expect(listings.of('1', 'q', walk)[0]?.key).toBe('K2')
  expect(listings.of('2', 'p', walk)[0]?.key).toBe('K3')
  // A state that was there before is another one when it comes back: the file may have been replaced meanwhile.
  expect(listings.of('1', 'p', walk)[0]?.key).toBe('K4')
})

test('without a state nothing is kept, and what is kept cannot be changed', () => {
  const listings = new Listings()
  let walks = 0
  const walk = () => [info(`K${++walks}`)]
  listings.of(undefined, 'p', walk)
  expect(listings.of(undefined, 'p', walk)[0]?.key).toBe('K2')
  const [kept] = listings.of('1', 'p', walk)
  expect(Object.isFrozen(listings.of('1', 'p', walk)[0])).toBe(true)
  expect(kept?.key).toBe('K3')
})

test('a list that is too long is not kept', () => {
  const listings = new Listings()
  let walks = 0
  const walk = () => {
    walks += 1
    return Array.from({ length: 50_001 }, (_, i) => info(`K${i}`))
  }
  listings.of('1', 'p', walk)
  listings.of('1', 'p', walk)
  expect(walks).toBe(2)
})
