// The hooks are loaded by their shells. A program called tvault stands in: it prints what the real one prints, says
// how it was called, and fails when it is asked for the project `locked`, after printing half a line.
import { afterAll, describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HOOK } from '../../src/faces/hook.ts'
import type { Hook } from '../../src/faces/hook.ts'

const root = mkdtempSync(join(tmpdir(), 'hook-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

writeFileSync(
  join(root, 'tvault'),
  `#!/bin/sh
printf '%s\\n' "$@" > arguments
case "$*" in
  *locked*) echo 'touch PWNED'; exit 3 ;;
  *fish*) printf "set -gx SECRET 'two words \\$(touch PWNED) \\\\\\\\ \\\\' end'\\n" ;;
  *) printf "export SECRET='two words \\$(touch PWNED) \\\\\\\\ '\\"'\\"' end'\\n" ;;
esac
`,
)
chmodSync(join(root, 'tvault'), 0o755)

const SECRET = "two words $(touch PWNED) \\ ' end"
const SHELLS: readonly { hook: Hook; shell: string; flags: string[]; call: string }[] = [
  { hook: 'bash', shell: 'bash', flags: ['--norc', '-u', '-c'], call: 'tvault_load' },
  { hook: 'zsh', shell: 'zsh', flags: ['-f', '-u', '-c'], call: 'tvault_load' },
  { hook: 'fish', shell: 'fish', flags: ['--no-config', '-c'], call: 'tvault_load' },
  { hook: 'direnv', shell: 'bash', flags: ['--norc', '-eu', '-c'], call: 'use_tvault' },
]

for (const { shell } of SHELLS) if (Bun.which(shell) === null) console.warn(`NOT RUN: no ${shell} on this machine`)

describe.each(SHELLS.filter(({ shell }) => Bun.which(shell) !== null))('$hook', ({ hook, shell, flags, call }) => {
  writeFileSync(join(root, hook), HOOK[hook].script)

  async function run(script: string) {
    const child = Bun.spawn([shell, ...flags, `${shell === 'fish' ? 'source' : '.'} ./${hook}; ${script}`], {
      cwd: root,
      env: { PATH: `${root}:${process.env['PATH']}`, HOME: root },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const [out, complaints, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
    return { out, complaints, code }
  }

  test('loads nothing by itself', async () => {
    rmSync(join(root, 'arguments'), { force: true })
    expect(await run('true')).toEqual({ out: '', complaints: '', code: 0 })
    expect(existsSync(join(root, 'arguments'))).toBe(false)
  })

  test('a call loads the values as they are, into the environment', async () => {
    expect(await run(`${call}; sh -c 'printf %s "$SECRET"'`)).toEqual({ out: SECRET, complaints: '', code: 0 })
    expect(existsSync(join(root, 'PWNED'))).toBe(false)
  })

  test('the name of a project is one word, whatever is in it', async () => {
    const name = `my shop; $(touch PWNED) "x" -n`
    await run(`${call} '${name}'`)
    const given = await Bun.file(join(root, 'arguments')).text()
    expect(given).toBe(`env\n--format\n${hook === 'fish' ? 'fish' : 'shell'}\n--project=${name}\n`)
    expect(existsSync(join(root, 'PWNED'))).toBe(false)
  })

  test('when tvault fails, the call fails with its code', async () => {
    const { code } = await run(`${call} locked`)
    expect(code).toBe(3)
    expect(existsSync(join(root, 'PWNED'))).toBe(false)
  })
})
