import { getPriority } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'bun:test'
import { runnableIn, runnableThreads } from '../../src/lib/load.ts'

test.each([
  ['0.20 0.18 0.12 1/80 11206\n', 1],
  ['96.00 50.25 20.01 97/512 7\n', 97],
  ['', 1],
  ['something else', 1],
])('%j', (line, count) => {
  expect(runnableIn(line)).toBe(count)
})

test.if(process.platform === 'linux').each([0, 15])(
  'who steps back is behind 10, or where it was (nice %d)',
  async (nice) => {
    const program = `import { stepBack } from ${JSON.stringify(join(import.meta.dir, '../../src/lib/load.ts'))}
    await stepBack()
    console.log(require('node:os').getPriority())`
    const child = Bun.spawn(['nice', '-n', String(nice), process.execPath, '-e', program], { stdout: 'pipe' })
    expect(Number(await new Response(child.stdout).text())).toBe(Math.max(10, Math.min(19, getPriority() + nice)))
  },
)

test('whoever asks runs', () => {
  expect(runnableThreads()).toBeGreaterThan(0)
})
