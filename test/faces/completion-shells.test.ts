// Completion as a person meets it: each shell runs on a terminal, somebody types, presses Tab and Enter, and a program
// called tvault writes down which words it was given. Its projects are named like attacks.
import { afterAll, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commands } from '../../src/commands/index.ts'
import { describe as plain } from '../../src/commands/describe.ts'
import { SHELLS, completion } from '../../src/faces/completion.ts'
import type { Shell } from '../../src/faces/completion.ts'
import { runInTerminal } from '../script-terminal.ts'
import type { Step } from '../script-terminal.ts'

const root = mkdtempSync(join(tmpdir(), 'tvault-shells-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const SECONDS = 30

/** Projects by the letters that somebody types to get them. */
const NAMES: Readonly<Record<string, string>> = {
  aa: 'aa$(touch PWNED)',
  bb: "bb it's",
  cc: 'cc"quoted"',
  dd: 'dd;touch PWNED',
  ee: 'ee`touch PWNED`',
  ff: 'ff*?[a]{b,c}',
  gg: 'gg\\back',
  hh: 'hh~ü ☃',
  ii: 'ii&|<>#!$HOME',
  jj: 'jj:one:two',
  kk: 'kk=a=b',
  ll: 'll@host/path',
  mm: 'mm  two  blanks',
  nn: 'nn%s\\n%d',
}
const KEYS = ['API_KEY', 'DB_URL', 'DB_USER']

mkdirSync(join(root, 'bin'))
writeFileSync(
  join(root, 'names'),
  Object.values(NAMES)
    .map((name) => `${name}\n`)
    .join(''),
)
writeFileSync(join(root, 'keys'), KEYS.map((key) => `${key}\n`).join(''))
writeFileSync(
  join(root, 'bin', 'tvault'),
  `#!/bin/sh
case "$*" in
  *'projects list --names-only') exec cat '${root}/names' ;;
  *'list --names-only') printf '%s\\n' "$*" >> asked; exec cat '${root}/keys' ;;
esac
printf '%s\\0' "$@" > "given.$(ls given.* 2>/dev/null | wc -l | tr -d ' ')"
echo "WAS"CALLED
`,
)
chmodSync(join(root, 'bin', 'tvault'), 0o755)

const scripts = Object.fromEntries(SHELLS.map((shell) => [shell, completion(shell, commands.map(plain))]))

/** Start-up files of a shell, and how it is started. The script lies where a package would put it, or is sourced. */
interface Start {
  shell: Shell
  way: string
  files: Record<string, string>
  command: readonly string[]
  needs?: string
  /** Only what shows that the script is found. */
  short?: boolean
}

const BASH = '/usr/share/bash-completion/bash_completion'
const STARTS: readonly Start[] = [
  {
    shell: 'bash',
    way: 'sourced',
    files: { rc: "PS1='READY> '\n. ./script\n" },
    command: ['bash', '--noprofile', '--rcfile', 'rc', '-i'],
  },
  {
    shell: 'bash',
    way: 'loaded by bash-completion',
    files: {
      rc: `PS1='READY> '\n. ${BASH}\n`,
      '.local/share/bash-completion/completions/tvault': scripts['bash'] ?? '',
    },
    command: ['bash', '--noprofile', '--rcfile', 'rc', '-i'],
    needs: BASH,
    short: true,
  },
  {
    shell: 'zsh',
    way: 'sourced',
    files: { '.zshrc': "PROMPT='READY> '\nautoload -Uz compinit\ncompinit -u -D\n. ./script\n" },
    command: ['zsh', '-d', '-i'],
  },
  {
    shell: 'zsh',
    way: 'from fpath',
    short: true,
    files: {
      '.zshrc': "PROMPT='READY> '\nfpath=($HOME/functions $fpath)\nautoload -Uz compinit\ncompinit -u -D\n",
      'functions/_tvault': scripts['zsh'] ?? '',
    },
    command: ['zsh', '-d', '-i'],
  },
  {
    shell: 'fish',
    way: 'sourced',
    files: { '.config/fish/config.fish': "function fish_prompt; echo -n 'READY> '; end\nsource ./script\n" },
    command: ['fish', '-i'],
  },
  {
    shell: 'fish',
    way: 'from its folder of completions',
    short: true,
    files: {
      '.config/fish/config.fish': "function fish_prompt; echo -n 'READY> '; end\n",
      '.config/fish/completions/tvault.fish': scripts['fish'] ?? '',
    },
    command: ['fish', '-i'],
  },
]

/** Beginnings that are whole names already, or parts of them behind what a shell takes for the end of a word. */
const SHORT = ['tvault stat', 'tvault use aa', 'tvault use jj:o', 'tvault use ll@', 'tvault --project=jj:o']

/** What somebody types before Tab, and the words that tvault must get then. */
const CASES: readonly (readonly [string, readonly string[]])[] = [
  ['tvault stat', ['status']],
  ['tvault projects cre', ['projects', 'create']],
  ['tvault get AP', ['get', 'API_KEY']],
  ['tvault get --vers', ['get', '--version']],
  ['tvault env --format ya', ['env', '--format', 'yaml']],
  ['tvault env --format=ya', ['env', '--format=yaml']],
  ['tvault -p jj', ['-p', 'jj:one:two']],
  ['tvault --project=hh', ['--project=hh~ü ☃']],
  ['tvault run --only AP', ['run', '--only', 'API_KEY']],
  ['tvault set X --from-file note', ['set', 'X', '--from-file', 'notes file.txt']],
  ['tvault use jj:o', ['use', 'jj:one:two']],
  ['tvault use jj:one:t', ['use', 'jj:one:two']],
  ['tvault use kk=', ['use', 'kk=a=b']],
  ['tvault use ll@', ['use', 'll@host/path']],
  ['tvault use ll@h', ['use', 'll@host/path']],
  ['tvault --project=jj:o', ['--project=jj:one:two']],
  ["tvault use 'aa", ['use', NAMES['aa'] ?? '']],
  ["tvault use 'aa$(", ['use', NAMES['aa'] ?? '']],
  ['tvault use aa\\$', ['use', NAMES['aa'] ?? '']],
  ['tvault use "mm  t', ['use', NAMES['mm'] ?? '']],
  ['tvault use mm\\ \\ t', ['use', NAMES['mm'] ?? '']],
  ["tvault use 'bb", ['use', NAMES['bb'] ?? '']],
  ['tvault use "cc', ['use', NAMES['cc'] ?? '']],
  ['tvault use "ee', ['use', NAMES['ee'] ?? '']],
  ['tvault use "gg', ['use', NAMES['gg'] ?? '']],
  ['tvault use zzz', ['use', 'zzz']],
  ...Object.entries(NAMES).map(([typed, name]) => [`tvault use ${typed}`, ['use', name]] as const),
]

async function session(start: Start, typed: readonly string[]): Promise<string[][]> {
  const home = mkdtempSync(join(root, `${start.shell}-`))
  writeFileSync(join(home, 'script'), scripts[start.shell] ?? '')
  writeFileSync(join(home, 'notes file.txt'), '')
  for (const [path, text] of Object.entries(start.files)) {
    mkdirSync(join(home, path, '..'), { recursive: true })
    writeFileSync(join(home, path), text)
  }
  const steps: Step[] = [{ expect: /READY> / }]
  for (const line of typed) steps.push({ send: `${line}\t\r` }, { expect: /WASCALLED[^]*READY> / })
  steps.push({ send: 'exit\r' })
  const env = { PATH: `${join(root, 'bin')}:${process.env['PATH']}`, HOME: home, LANG: 'C.UTF-8', SHELL: '/bin/sh' }
  await runInTerminal(start.command, steps, { cwd: home, env, limitSeconds: SECONDS })
  expect(existsSync(join(home, 'PWNED'))).toBe(false)
  return typed.map((_, index) =>
    readFileSync(join(home, `given.${index}`), 'utf8')
      .split('\0')
      .slice(0, -1),
  )
}

for (const start of STARTS) {
  const absent = Bun.which(start.shell) === null || (start.needs !== undefined && !existsSync(start.needs))
  if (absent) {
    console.warn(`NOT RUN: completion for ${start.shell}, ${start.way}: it is not installed on this machine`)
    continue
  }
  test.concurrent(
    `W53: ${start.shell}, ${start.way}: Tab and Enter give the words that are meant`,
    async () => {
      const cases = CASES.filter(([typed]) => start.short !== true || SHORT.includes(typed))
      const words = await session(
        start,
        cases.map(([typed]) => typed),
      )
      expect(cases.map(([typed], index) => [typed, words[index]])).toEqual(
        cases.map(([typed, all]) => [typed, [...all]]),
      )
    },
    SECONDS * 1000,
  )
}
