// The functions of the scripts are run by their shells, without a terminal (completion-shells.test.ts has one): bash
// always, fish and zsh where they are installed. A program called tvault
// that only knows names stands in for the real one, and one of its projects is named like an attack.
import { afterAll, describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commands } from '../../src/commands/index.ts'
import { describe as plain } from '../../src/commands/describe.ts'
import { SHELLS, completion } from '../../src/faces/completion.ts'
import type { Shell } from '../../src/faces/completion.ts'
import { tables } from '../../src/faces/completion/tables.ts'

const catalog = commands.map(plain)
const folder = mkdtempSync(join(tmpdir(), 'tvault-completion-'))
afterAll(() => rmSync(folder, { recursive: true }))

const ATTACK = '$(touch PWNED)'
writeFileSync(
  join(folder, 'tvault'),
  `#!/bin/sh
printf '%s\\n' "$*" >> calls
case "$*" in
  *'projects list --names-only') printf '%s\\n' default web 'my shop' '${ATTACK}' ;;
  *'list --names-only') printf '%s\\n' API_KEY DB_URL DB_USER ;;
esac
`,
)
chmodSync(join(folder, 'tvault'), 0o755)
for (const shell of SHELLS) writeFileSync(join(folder, shell), completion(shell, catalog))
writeFileSync(join(folder, 'notes.txt'), '')

/** How to ask a shell what it offers behind \`words\`, the last of which is being typed. One candidate a line. */
const ASK: Record<Shell, (words: readonly string[]) => string[]> = {
  bash: (words) => [
    'bash',
    '--norc',
    '-c',
    'source ./bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$LINE"; _tvault tvault; printf "%s\\n" "${COMPREPLY[@]}"',
    'bash',
    ...words,
  ],
  fish: (words) => ['fish', '--no-config', '-c', 'source ./fish; complete -C "$argv"', words.join(' ')],
  // Completion proper needs a terminal; here only that the script is read and its functions answer.
  zsh: () => ['zsh', '-f', '-c', 'compdef() { :; }; source ./zsh && _tvault_next "" && _tvault_value env --format'],
}

async function offered(shell: Shell, ...words: string[]): Promise<string[]> {
  const child = Bun.spawn(ASK[shell](['tvault', ...words]), {
    cwd: folder,
    // The line that readline cut into these words.
    env: {
      PATH: `${folder}:${process.env['PATH']}`,
      HOME: folder,
      LINE: ['tvault', ...words].join(' ').replace(/ = ?/g, '='),
    },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, complaints, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  expect({ complaints, code }).toEqual({ complaints: '', code: 0 })
  return out
    .split('\n')
    .map((line) => line.replace(/\t.*/, ''))
    .filter((line) => line !== '')
}

const KEYS = ['API_KEY', 'DB_URL', 'DB_USER']
const CASES: readonly (readonly [readonly string[], readonly string[]])[] = [
  [['ge'], ['generate', 'get']],
  [['get', ''], KEYS],
  [
    ['g', 'D'],
    ['DB_URL', 'DB_USER'],
  ],
  [['-p', 'web', 'get', 'A'], ['API_KEY']],
  [['get', 'API_KEY', ''], []],
  [
    ['delete', 'API_KEY', 'DB_U'],
    ['DB_URL', 'DB_USER'],
  ],
  [['run', '--only', 'A'], ['API_KEY']],
  [['projects', ''], catalog.flatMap(({ path }) => (path.startsWith('projects ') ? [path.slice(9)] : []))],
  [['p', 'use', 'w'], ['web']],
  [['audit', ''], ['verify']],
  [['env', '--format', 'y'], ['yaml']],
  [['env', '-f', 'pul'], ['pulumi-config']],
  [['env', 'g'], ['group']],
  [
    ['env', 'group', ''],
    ['add', 'create', 'delete', 'list', 'remove', 'show'],
  ],
  [['env', 'group', 'add', 'preview', '-p', 'w'], ['web']],
  [['env', 'promote', 'A'], ['API_KEY']],
  [
    ['completion', ''],
    ['bash', 'fish', 'zsh'],
  ],
  [
    ['get', '--ver'],
    ['--verbose', '--version'],
  ],
  [['get', '--', '--ver'], []],
  [['set', 'X', '--from-file', 'note'], ['notes.txt']],
  [['run', 'true', 'note'], ['notes.txt']],
  [['docker', 'run', '--only', 'A'], ['API_KEY']],
  [['docker', 'run', 'alpine', '--only', 'A'], []],
  [['docker', 'compose', 'note'], ['notes.txt']],
  [['ssh', 'host', '--only', 'A'], ['API_KEY']],
  [['ssh', 'host', 'true', '--only', 'A'], []],
  [['shell-init', 'f'], ['fish']],
  [
    ['ci', 'init', '--provider', 'git'],
    ['github-actions', 'gitlab'],
  ],
]

for (const shell of (['bash', 'fish'] as const).filter((name) => Bun.which(name) !== null)) {
  describe(shell, () => {
    test.each(CASES)('tvault %j', async (words, expected) => {
      expect((await offered(shell, ...words)).toSorted()).toEqual(expected.toSorted())
    })

    test('every command can be reached', async () => {
      const firsts = new Set(catalog.map(({ path }) => path.replace(/ .*/, '')))
      expect(new Set(await offered(shell, ''))).toEqual(firsts)
    })

    test('a project is data, whatever it is called', async () => {
      const names = await offered(shell, 'use', '')
      expect(names).toContain(shell === 'bash' ? '\\$\\(touch\\ PWNED\\)' : ATTACK)
      expect(names).toContain(shell === 'bash' ? 'my\\ shop' : 'my shop')
      await offered(shell, '-p', '$')
      expect(existsSync(join(folder, 'PWNED'))).toBe(false)
    })

    test('names are asked of the vault and project that stand on the line', async () => {
      await offered(shell, '--vault', '/v/1', '--project=web', 'get', '')
      expect(readFileSync(join(folder, 'calls'), 'utf8').trimEnd().split('\n').at(-1)).toMatch(
        /^--vault \/v\/1 --project=web list/,
      )
    })
  })
}

test('bash puts together what readline took apart at =', async () => {
  expect(await offered('bash', 'env', '--format', '=', 'y')).toEqual(['yaml'])
  expect(await offered('bash', 'env', '--format', '=')).toContain('json')
})

test('every script says every command and flag', () => {
  for (const shell of SHELLS) {
    const script = completion(shell, catalog)
    for (const { path, fields } of catalog) {
      expect(script).toContain(`'${path}'`)
      for (const { name, at } of fields) if (at === undefined) expect(script).toContain(`'--${name}'`)
    }
  }
})

test('zsh reads its script', async () => {
  if (Bun.which('zsh') !== null) expect(await offered('zsh')).toContain('get')
  expect(completion('zsh', catalog)).toStartWith('#compdef tvault\n')
})

test('quotes in what a command does stay text', () => {
  const [first] = catalog
  if (first === undefined) throw new Error('no commands')
  const quoted = [{ ...first, path: 'odd', aliases: [], about: "it's $(touch PWNED) `x` \\ done" }]
  expect(completion('bash', quoted)).toContain("'it'\\''s $(touch PWNED) `x` \\ done'")
  expect(completion('fish', quoted)).toContain("'it\\'s $(touch PWNED) `x` \\\\ done'")
})

test('the first row for a place does not hide one that says more', () => {
  const { places, commands: named } = tables(catalog)
  expect(places).toContainEqual({ patterns: ['run 0'], answer: 'command' })
  expect(named).toContainEqual({ patterns: ['projects use', 'use', 'project use', 'p use'], answer: 'projects use' })
})
