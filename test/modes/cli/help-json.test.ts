// W38, W52: help, documents and manifest as programs read them, through the whole program.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commands } from '../../../src/commands/index.ts'

const empty = mkdtempSync(join(tmpdir(), 'tvault-help-'))
afterAll(() => rmSync(empty, { recursive: true, force: true }))

interface Shown {
  out: string
  err: string
  code: number
}

/** What each of `lines` prints, all run by one process (lines.ts). */
async function tvault<const Lines extends readonly string[]>(lines: Lines): Promise<Record<Lines[number], Shown>> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'lines.ts'), JSON.stringify(lines)], {
    // Some commands write: into an empty directory, and nowhere else.
    cwd: empty,
    env: { PATH: process.env['PATH'] ?? '', HOME: empty, TMPDIR: empty },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  const [outs, errs] = [out.split('\0'), err.split('\0')]
  const shown = lines.map((line, at) => [
    line,
    { out: outs[2 * at] ?? '', err: errs[2 * at] ?? '', code: Number(outs[2 * at + 1]) },
  ])
  return Object.fromEntries(shown) as Record<Lines[number], Shown>
}

function json({ out, err, code }: Shown): unknown {
  expect([err, code]).toEqual(['', 0])
  return JSON.parse(out)
}

const ROOT_KEYS = [
  'overview',
  'lifecycle',
  'conventions',
  'output',
  'safety',
  'recipes',
  'agent_guide',
  'troubleshooting',
  'topics',
]

describe('W38: every form of help has a form for programs', () => {
  const MANUAL = ['help --json', '--json', '--help --json'] as const
  const GET = ['help get --json', 'get --help --json', '--json get -h'] as const
  const GROUP = ['docker --json', 'help docker --json'] as const
  const DOCS = ['docs commands --json', 'docs features', 'docs features --json', 'docs topics', 'docs --json'] as const
  const BAD = ['docs features nothing', 'docs -t nope', 'docs -t run run'] as const
  const lines = [...MANUAL, ...GET, ...GROUP, ...DOCS, ...BAD] as const
  let shown: Record<(typeof lines)[number], Shown>
  beforeAll(async () => {
    shown = await tvault(lines)
  })

  test.each(MANUAL)('tvault %s: the manual', (line) => {
    const manual = json(shown[line]) as Record<string, unknown>
    expect(Object.keys(manual)).toEqual(ROOT_KEYS)
    expect(Object.keys(manual['conventions'] as object)).toEqual(['flags', 'env_vars', 'exit_codes', 'filesystem'])
  })

  test.each(GET)('tvault %s: one command', (line) => {
    expect(json(shown[line])).toMatchObject({ path: 'get', effect: 'reveal' })
  })

  test.each(GROUP)('tvault %s: a group', (line) => {
    expect(json(shown[line])).toMatchObject({ group: 'docker', commands: [{ path: 'docker build' }, {}, {}, {}] })
  })

  test('the manifest holds every command with fields, examples and effect', () => {
    const manifest = json(shown['docs commands --json']) as Record<string, unknown>[]
    expect(manifest.length).toBeGreaterThan(60)
    for (const command of manifest)
      expect(Object.keys(command)).toEqual(expect.arrayContaining(['path', 'about', 'effect', 'fields', 'examples']))
  })

  test('features and topics are JSON also when it is not asked for', () => {
    expect(json(shown['docs features'])).toEqual(json(shown['docs features --json']))
    const topics = json(shown['docs topics']) as { slug: string }[]
    for (const topic of topics) expect(Object.keys(topic)).toEqual(['slug', 'title', 'description', 'example'])
    expect(Object.keys(json(shown['docs --json']) as object)).toEqual(['features', 'topics'])
    for (const line of BAD) expect([line, shown[line].code === 0]).toEqual([line, false])
  })
})

describe('W52: words lead somewhere', () => {
  const STARTS = {
    'help get': 'Print the value',
    version: 'tvault ',
    'help recipes': 'Recipes\n',
    'help locked': 'Troubleshooting\n',
    'help topics': 'Topics\n',
    'docs safety': 'Safety\n',
    'docs quickstart': 'Workflow\n',
    'docs -t history': 'List the versions',
    'docs encrypted-env': '# encrypted-env',
  }
  const HINTS = {
    GET: 'did you mean tvault get',
    lst: 'did you mean tvault list',
    'help recipe': 'tvault help recipes',
    'docs threatmodel': 'tvault docs threat-model',
    'env --format ymal': 'did you mean yaml',
    'list --prefx A': 'did you mean --prefix',
  }
  const UNKNOWN = ['env gruop list', 'env ls', 'env promot A', 'projects lss', 'audit verfy', 'docker rn'] as const
  let shown: Record<string, Shown>
  beforeAll(async () => {
    shown = await tvault([...Object.keys(STARTS), ...Object.keys(HINTS), ...UNKNOWN])
  })

  test.each(Object.entries(STARTS))('tvault %s', (line, start) => {
    expect(shown[line]).toEqual({ out: expect.stringMatching(new RegExp(`^${start}`)), err: '', code: 0 })
  })

  test.each(Object.entries(HINTS))('tvault %s is answered with a word that exists', (line, hint) => {
    expect(shown[line]).toMatchObject({ out: '', err: expect.stringContaining(hint) })
    expect(shown[line]?.code).not.toBe(0)
  })

  test.each(UNKNOWN)('W6: tvault %s prints nothing but an error', (line) => {
    expect(shown[line]).toEqual({ out: '', err: expect.stringMatching(/^Error: unknown command/), code: 2 })
  })
})

/** Filters that git talks to: their output is what git reads, whatever flags stand there. */
const FOR_GIT = ['git-clean', 'git-smudge', 'git-filter process', 'git-filter textconv', 'git-filter merge']

describe('W38: with --json every command answers in JSON, also when it fails', () => {
  const listing = commands.map(({ path }) => path).filter((path) => !FOR_GIT.includes(path))
  const lines = [...listing.map((path) => `${path} --json`), ...listing.map((path) => `${path} --json --nonsense`)]
  let shown: Record<string, Shown>
  beforeAll(async () => {
    shown = await tvault(lines)
  }, 60_000)

  test.each(lines)('tvault %s', (line) => {
    const { out, err, code } = shown[line] ?? { out: '', err: '', code: -1 }
    if (code === 0) expect(() => JSON.parse(out)).not.toThrow()
    else if (out !== '') expect(JSON.parse(out)).toBeObject()
    else {
      const told = err.trimEnd().split('\n').at(-1) ?? ''
      expect(JSON.parse(told)).toMatchObject({
        error: { kind: expect.any(String), message: expect.any(String), exit: code },
      })
    }
  })
})
