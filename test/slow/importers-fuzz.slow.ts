// A million files that no other program would write: no importer crashes or hangs, keys stay valid and different, what is
// refused names the file, and no value gets into a message. SEED repeats a run.
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { SEED } from './room.ts'

const CASES = Number(process.env['CASES'] ?? 1_000_000)
const SILENT_SECONDS = 120

test(`${CASES} mutated files of other programs (seed ${SEED})`, async () => {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'importers-fuzz.ts'), String(SEED), String(CASES)], {
    stdout: 'pipe',
    stderr: 'inherit',
  })
  let told = ''
  let hung = false
  const watch = () =>
    setTimeout(() => {
      hung = true
      child.kill('SIGKILL')
    }, SILENT_SECONDS * 1000)
  let timer = watch()
  const decoder = new TextDecoder()
  for await (const chunk of child.stdout) {
    clearTimeout(timer)
    timer = watch()
    told = (told + decoder.decode(chunk, { stream: true })).slice(-20_000)
  }
  clearTimeout(timer)
  const last = told.trimEnd().split('\n').at(-1) ?? ''
  expect([hung, await child.exited, hung || !/^\d+ cases, \d+ read/.test(last) ? told : '']).toEqual([false, 0, ''])
  const [done = 0, taken = 0] = (last.match(/\d+/g) ?? []).map(Number)
  expect(done).toBe(CASES)
  // Files of which none or all could be read would try little.
  expect(taken / CASES).toBeGreaterThan(0.1)
  expect(taken / CASES).toBeLessThan(0.9)
  console.log(`   ${last}`)
})
