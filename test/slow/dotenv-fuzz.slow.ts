// A million dotenv files that nobody would write: the parser, the editor and the references neither crash nor hang,
// and keep their laws. SEED repeats a run.
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { SEED } from './room.ts'

const CASES = Number(process.env['CASES'] ?? 1_000_000)
const SILENT_SECONDS = 60

test(`${CASES} mutated files (seed ${SEED})`, async () => {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'dotenv-fuzz.ts'), String(SEED), String(CASES)], {
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
  expect([hung, await child.exited, hung || !/^\d+ \d+$/.test(last) ? told : '']).toEqual([false, 0, ''])
  const [done = 0, refused = 0] = last.split(' ').map(Number)
  expect(done).toBe(CASES)
  // Edits are refused only where a broken quote stands in the way.
  expect(refused / CASES).toBeLessThan(0.05)
  console.log(`${done} cases, ${refused} edits refused`)
})
