// The git filter over many files: ours answers all files of a git command in one process, the Go peer is started for
// each. Both seal the same files to the same two recipients, and each clone must come out as the files that went in.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from './harness.ts'
import type { Row } from './harness.ts'
import { peer } from './peer.ts'

interface Contender {
  name: string
  home: string
  top: string
  env: Record<string, string>
}

/** What is timed, and the state in which git must be afterwards. */
const TASKS: readonly { name: string; prepare: (one: Contender, files: readonly string[]) => void; words: string[] }[] =
  [
    { name: 'add', prepare: () => undefined, words: ['add', '--all'] },
    { name: 'checkout', prepare: remove, words: ['checkout', '--', '.'] },
    { name: 'status after touch', prepare: touch, words: ['status', '--porcelain', '--untracked-files=no'] },
  ]

/** Rows for add, checkout and status of `count` tracked files; the peer is left out where it cannot be had. */
export function gitFilter(count: number): Row[] {
  const scratch = mkdtempSync(join(tmpdir(), 'tvault-bench-git-'))
  const files = Array.from({ length: count }, (_, at) => `service-${at % 10}/${at}.env`)
  const text = (file: string): string => `# ${file}\nNAME=${file}\nDATABASE_URL=postgres://app:pw@localhost/${file}\n`
  try {
    const programs = [
      { name: 'tvault (one process)', binary: join(ROOT, 'dist', 'tvault') },
      { name: 'Go peer 0.23 (one for each file)', binary: peer() },
    ]
    const contenders = programs.flatMap(({ name, binary }, at) =>
      binary === undefined ? [] : [contender(name, binary, join(scratch, `${at}`))],
    )
    const recipients = contenders.map((one) => run(one, ['tvault', 'identity', 'list']).split(/\s+/)[1] ?? '')
    for (const one of contenders) {
      run(one, ['tvault', 'git-filter', 'install', ...recipients.flatMap((text) => ['--recipient', text])])
      run(one, ['tvault', 'git-filter', 'track', '*.env'])
      for (const file of files) {
        mkdirSync(join(one.top, file, '..'), { recursive: true })
        writeFileSync(join(one.top, file), text(file))
      }
    }
    const rows = TASKS.flatMap(({ name, prepare, words }) =>
      contenders.map((one): Row => {
        prepare(one, files)
        const begin = Bun.nanoseconds()
        run(one, ['git', ...words])
        const time = (Bun.nanoseconds() - begin) / 1e6
        return {
          bench: `git ${name}, ${count} files`,
          name: one.name,
          unit: 'ms',
          best: time,
          median: time,
          ratio: 1,
          runs: 1,
        }
      }),
    )
    for (const one of contenders) agree(one, files, text)
    return rows.map((row) => ({ ...row, ratio: row.best / rows.find(({ bench }) => bench === row.bench)!.best }))
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** A person with an identity, a repository, and `tvault` on PATH. */
function contender(name: string, binary: string, home: string): Contender {
  const top = join(home, 'repository')
  for (const folder of [join(home, 'bin'), top]) mkdirSync(folder, { recursive: true, mode: 0o700 })
  symlinkSync(binary, join(home, 'bin', 'tvault'))
  const who = Object.fromEntries(
    ['AUTHOR', 'COMMITTER'].flatMap((role) => [
      [`GIT_${role}_NAME`, 'n'],
      [`GIT_${role}_EMAIL`, 'n@example.org'],
    ]),
  )
  const env = { PATH: `${join(home, 'bin')}:/usr/bin:/bin`, HOME: home, TVAULT_DIR: join(home, 'vault'), ...who }
  const one = { name, home, top, env }
  run(one, ['git', 'init', '--quiet'])
  run(one, ['tvault', 'identity', 'new'])
  return one
}

function run({ name, top, env }: Contender, words: readonly string[]): string {
  const done = Bun.spawnSync([...words], { cwd: top, env, stdin: 'ignore' })
  if (done.exitCode !== 0)
    throw new Error(`${name}: ${words.join(' ')} ended with ${done.exitCode}: ${done.stderr.toString()}`)
  return done.stdout.toString()
}

function remove({ top }: Contender, files: readonly string[]): void {
  for (const file of files) rmSync(join(top, file))
}

/** As if an editor had written every file again. */
function touch({ top }: Contender, files: readonly string[]): void {
  for (const file of files) utimesSync(join(top, file), new Date(), new Date(Date.now() + 5000))
}

/** The files are what they were, git has them sealed, and the touched ones count as unchanged. */
function agree(one: Contender, files: readonly string[], text: (file: string) => string): void {
  for (const file of files) {
    if (readFileSync(join(one.top, file), 'utf8') !== text(file))
      throw new Error(`${one.name}: ${file} came out different`)
  }
  const sealed = run(one, ['git', 'grep', '--cached', '--text', '--count', 'tvault-encrypted'])
    .trim()
    .split('\n').length
  if (sealed !== files.length) throw new Error(`${one.name}: ${sealed} of ${files.length} files are sealed`)
  const changed = run(one, ['git', 'diff-files', '--name-only']).trim()
  if (changed !== '') throw new Error(`${one.name}: files count as changed: ${changed.slice(0, 200)}`)
}

if (import.meta.main) {
  const { load, table } = await import('./harness.ts')
  console.log(table(gitFilter(Number(process.argv[2] ?? 1000))))
  console.log(load())
}
