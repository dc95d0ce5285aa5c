// Runs a fuzzer in a process of its own, because one that hangs can only be killed. It tells of its progress on standard
// output, and in its last line what it did.
import { expect } from 'bun:test'
import { join } from 'node:path'
import { SEED } from './room.ts'

/**
 * Runs file `name` of this folder for so many `cases`, and gives the numbers of its last line, which must match `last`.
 * Fails with what it said when it crashes, or is silent for `silentSeconds`.
 */
export async function fuzz(name: string, cases: number, silentSeconds: number, last: RegExp): Promise<number[]> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, name), String(SEED), String(cases)], {
    stdout: 'pipe',
    stderr: 'inherit',
  })
  let told = ''
  let hung = false
  const watch = () =>
    setTimeout(() => {
      hung = true
      child.kill('SIGKILL')
    }, silentSeconds * 1000)
  let timer = watch()
  const decoder = new TextDecoder()
  for await (const chunk of child.stdout) {
    clearTimeout(timer)
    timer = watch()
    told = (told + decoder.decode(chunk, { stream: true })).slice(-20_000)
  }
  clearTimeout(timer)
  const line = told.trimEnd().split('\n').at(-1) ?? ''
  expect([hung, await child.exited, hung || !last.test(line) ? told : '']).toEqual([false, 0, ''])
  console.log(`   ${line}`)
  return (line.match(/\d+/g) ?? []).map(Number)
}
