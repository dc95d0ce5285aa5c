// What was received is overwritten by zeros that really arrive, at once and without anything left open.
import { expect, test } from 'bun:test'
import { overwriteReceived } from '../../../src/modes/mcp/received.ts'

test.each([1, 49_152, 200_000])('%d zeros arrive within the time of a form', async (size) => {
  const began = performance.now()
  await Promise.all([overwriteReceived(size), overwriteReceived(size)])
  expect(performance.now() - began).toBeLessThan(900)
})
