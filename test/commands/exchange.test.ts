// env, export and import against a real vault in memory; files, terminal and answers are played.
import { describe, expect, test } from 'bun:test'
import env from '../../src/commands/env.ts'
import exportCommand from '../../src/commands/export.ts'
import importCommand from '../../src/commands/import.ts'
import type { Context } from '../../src/commands/context.ts'
import type { Command, Fields, Input } from '../../src/commands/define.ts'
import { makeStyle } from '../../src/context/style.ts'
import { isDotenvName } from '../../src/formats/dotenv-files.ts'
import { utf8 } from '../../src/lib/bytes.ts'
import { Failure } from '../../src/lib/errors.ts'
import { Secret } from '../../src/lib/secret.ts'
import { parseArguments } from '../../src/modes/cli/argv.ts'
import { failureOf } from '../failure.ts'
import { get, made, owner, put } from '../vault/fixture.ts'
import type { View } from '../../src/vault/view.ts'

/** The played surroundings of one vault. */
function place(files: Record<string, string> = {}) {
  const { vault, view } = made()
  const played = {
    files: new Map(Object.entries(files)),
    json: false,
    verbose: false,
    terminal: true,
    onTerminal: false,
    /** Answer to the confirmation, and what happens while the person thinks. */
    answer: true,
    meanwhile: (): void => undefined,
    choose: (_options: string[], initial: readonly string[]): string[] => [...initial],
    said: [] as string[],
    asked: [] as string[],
    given: [] as Secret[],
  }
  /** The bytes that were handed to the command, to see that it wipes them. */
  const handed: Uint8Array[] = []
  const style = makeStyle(false, 80)
  function context(command: Pick<Command, 'path' | 'effect'>): Context {
    const scoped = vault.view(owner(command.effect, command.path))
    const part: Partial<Context> = {
      globals: { directory: '/nowhere', project: undefined, json: played.json, verbose: played.verbose, noAgent: true },
      style,
      stdoutIsTerminal: played.onTerminal,
      ask: {
        possible: played.terminal,
        hidden: async () => Secret.fromText(''),
        confirm: async (question) => {
          played.asked.push(question)
          played.meanwhile()
          return played.answer
        },
        choose: async (question, options, initial) => {
          played.asked.push(question, ...options.map(({ label, hint }) => `${label}: ${hint}`))
          return played.choose(
            options.map(({ value }) => value),
            initial,
          )
        },
      },
      vault: async () => scoped,
      project: (names) => names.currentProject(),
      readFile: async (path) => {
        const file = played.files.get(path)
        if (file === undefined) throw new Failure('failed', `no file ${path}`)
        const bytes = utf8(file)
        handed.push(bytes)
        return bytes
      },
      writeFile: async (path, content, { overwrite }) => {
        if (played.files.has(path) && !overwrite) throw new Failure('conflict', `${path} exists already`)
        played.files.set(path, new TextDecoder().decode(typeof content === 'string' ? utf8(content) : content.reveal()))
      },
      dotenvFiles: async (directory) => {
        const inside = directory === '.' ? '' : `${directory}/`
        return [...played.files.keys()]
          .filter((path) => path.startsWith(inside))
          .map((path) => path.slice(inside.length))
          .filter(isDotenvName)
          .sort()
      },
      note: (text) => void played.said.push(text),
      progress: () => () => undefined,
    }
    return part as Context
  }
  async function run<I extends Fields, R>(command: Command<I, R>, given: Partial<Input<I>> = {}) {
    played.said = []
    played.asked = []
    const flags = Object.entries(command.input).flatMap(([name, { kind, fallback }]) =>
      kind === 'flag' ? [[name, fallback === 'true']] : [],
    )
    const input = { ...Object.fromEntries(flags), ...given } as Input<I>
    const result = await command.run(context(command), input)
    const human = command.human?.(result, style, input)
    const parts = typeof human === 'string' || human instanceof Secret || human === undefined ? { out: human } : human
    const bytes = parts.out instanceof Secret ? parts.out.reveal() : parts.out
    const shown = bytes instanceof Uint8Array ? new TextDecoder().decode(bytes) : (bytes ?? '')
    return { out: shown, note: ('note' in parts && parts.note) || '', json: command.json?.(result, input) }
  }
  return { played, view, handed, run }
}

function versions(view: View, key: string): number {
  return view.history('default', key).length
}

describe('env', () => {
  test.each([
    [[], true],
    [['-e'], true],
    [['--export', '--only', 'A'], true],
    [['--export=true'], true],
    [['--export=false'], false],
    [['-e=false'], false],
  ])('%p on the command line means export %p', (words, expected) => {
    expect(parseArguments(env as unknown as Command, words).input['export']).toBe(expected)
  })

  test('lines for a shell, sorted, with and without export', async () => {
    const { view, run } = place()
    put(view, 'B', "it's")
    put(view, 'A', 'plain')
    expect((await run(env)).out).toBe(`export A=plain\nexport B='it'"'"'s'\n`)
    expect((await run(env, { export: false })).out).toBe(`A=plain\nB='it'"'"'s'\n`)
  })

  test('a selection, and the union of both selectors', async () => {
    const { view, run } = place()
    for (const key of ['A', 'DB_X', 'DB_Y', 'Z']) put(view, key, key)
    expect((await run(env, { format: 'dotenv', only: ['Z'], prefix: 'DB_' })).out).toBe('DB_X=DB_X\nDB_Y=DB_Y\nZ=Z\n')
  })

  test('W7: a selector that is empty, or names what is not there, prints nothing and fails', async () => {
    const { view, run } = place()
    put(view, 'A', 'value')
    expect((await failureOf(run(env, { prefix: '' }))).kind).toBe('usage')
    expect((await failureOf(run(env, { only: [] }))).kind).toBe('usage')
    const missing = await failureOf(run(env, { only: ['A', 'NOPE', 'NO\u001b[31m'] }))
    expect([missing.kind, missing.message]).toEqual(['not_found', '--only key(s) not found: NO\\u{1b}[31m, NOPE'])
  })

  test('W31: nothing selected is an empty object in JSON and nothing elsewhere', async () => {
    const { run } = place()
    expect((await run(env, { format: 'json' })).out).toBe('{}\n')
    for (const format of ['shell', 'dotenv', 'yaml', 'pulumi-config'] as const)
      expect((await run(env, { format })).out).toBe('')
    expect((await run(env, { format: 'k8s-secret', name: 'n' })).out).toBe('')
  })

  test('--json is the format json', async () => {
    const { played, view, run } = place()
    put(view, 'A', 'value')
    played.json = true
    expect((await run(env, { format: 'yaml' })).out).toBe('{\n  "A": "value"\n}\n')
    expect((await run(exportCommand, { format: 'yaml' })).json).toBeInstanceOf(Secret)
    expect((await run(exportCommand, { output: 'f' })).json).toMatchObject({ file: 'f', format: 'dotenv', count: 1 })
  })

  test('W6: on a terminal nothing is printed without --reveal, and no value is read', async () => {
    const { played, view, run } = place()
    put(view, 'A', 'value')
    played.onTerminal = true
    for (const given of [{}, { format: 'dotenv' as const }]) {
      const refused = await failureOf(run(env, given))
      expect([refused.kind, refused.hint]).toEqual(['usage', expect.stringContaining('--reveal')])
    }
    played.json = true
    expect((await failureOf(run(env))).kind).toBe('usage')
    expect((await failureOf(run(exportCommand))).kind).toBe('usage')
    played.json = false
    expect(view.audit({ limit: 10, action: 'secret.read' })).toEqual([])
    expect((await run(env, { reveal: true })).out).toBe('export A=value\n')
    expect((await run(exportCommand, { force: true })).out).toBe('A=value\n')
    expect((await run(exportCommand, { output: 'f' })).note).toBe('Exported 1 secrets to f')
  })

  test('W15: a dialect is dotenv for one reader, and belongs to no other format', async () => {
    const { view, run } = place()
    put(view, 'A', "it's")
    expect((await run(env, { dialect: 'docker' })).out).toBe("A=it's\n")
    expect((await run(env, { dialect: 'node', format: 'dotenv' })).out).toBe("A=`it's`\n")
    expect((await run(exportCommand, { dialect: 'fish' })).out).toBe("set -gx A 'it\\'s'\n")
    expect((await run(env, { format: 'fish' })).out).toBe("set -gx A 'it\\'s'\n")
    expect((await failureOf(run(env, { dialect: 'node', format: 'json' }))).kind).toBe('usage')
    put(view, 'LINES', 'a\nb')
    const refused = await failureOf(run(env, { dialect: 'docker' }))
    expect(refused.message).toBe('the value of LINES has several lines, which an env file of docker cannot take')
  })

  test('a value that the format cannot hold stops the command before anything is printed', async () => {
    const { view, run } = place()
    put(view, 'A', 'first')
    put(view, 'BIN', new Uint8Array([0]))
    expect((await failureOf(run(env))).message).toContain('BIN')
    expect((await run(env, { format: 'json' })).out).toBe('{\n  "A": "first",\n  "BIN": "\\u0000"\n}\n')
  })
})

describe('export', () => {
  test('to standard output, dotenv by default, also for -', async () => {
    const { view, run } = place()
    put(view, 'A', 'two words')
    expect(await run(exportCommand)).toMatchObject({ out: "A='two words'\n", note: '' })
    expect((await run(exportCommand, { output: '-', format: 'json' })).out).toBe('{\n  "A": "two words"\n}\n')
  })

  test('to a new file; an existing one only when asked', async () => {
    const { played, view, run } = place({ 'old.env': 'kept' })
    put(view, 'A', '1')
    put(view, 'B', '2')
    expect(await run(exportCommand, { output: '.env' })).toMatchObject({ out: '', note: 'Exported 2 secrets to .env' })
    expect(played.files.get('.env')).toBe('A=1\nB=2\n')
    const refused = await failureOf(run(exportCommand, { output: 'old.env' }))
    expect([refused.kind, refused.hint]).toEqual(['conflict', 'add --overwrite to replace it'])
    expect(played.files.get('old.env')).toBe('kept')
    await run(exportCommand, { output: 'old.env', overwrite: true })
    expect(played.files.get('old.env')).toBe('A=1\nB=2\n')
  })

  test('nothing to export makes no file', async () => {
    const { played, run } = place()
    expect(await run(exportCommand, { output: 'f' })).toMatchObject({ out: '', note: 'No secrets to export.' })
    expect(played.files.size).toBe(0)
  })
})

describe('import', () => {
  test('a file, told key by key', async () => {
    const { view, handed, run } = place({ 'd/.env': 'B="x y"\nA=\'$(id)\'\n' })
    const { out, json } = await run(importCommand, { path: 'd/.env' })
    expect(out).toBe(
      '  ✓ A (created from d/.env)\n  ✓ B (created from d/.env)\n\n✓ Imported 2 secret(s) from 1 file(s)\n',
    )
    expect(json).toMatchObject({ created: 2, overwritten: 0, unchanged: 0, skipped: 0, changed: true, dry_run: false })
    expect([get(view, 'A'), get(view, 'B')]).toEqual(['$(id)', 'x y'])
    expect(handed.every((bytes) => bytes.every((byte) => byte === 0))).toBe(true)
  })

  test('the files of a directory, later ones win', async () => {
    const files = {
      '.env': 'A=1\nB=1\nC=1\nD=1',
      '.env.local': 'C=3',
      '.env.dev': 'B=2\nC=2\nD=2',
      '.env.dev.local': 'D=4',
      '.env.prod': 'A=9',
    }
    const { view, run } = place(files)
    await run(importCommand, { env: 'dev' })
    expect(['A', 'B', 'C', 'D'].map((key) => get(view, key))).toEqual(['1', '2', '3', '4'])
    const bare = place(files)
    await bare.run(importCommand)
    expect(['A', 'B', 'C', 'D'].map((key) => get(bare.view, key))).toEqual(['1', '1', '3', '1'])
  })

  test('W56: existing keys are kept, replaced with --overwrite, and equal values make no version', async () => {
    const { view, run } = place({ '.env': 'NEW=n\nOLD=new\nSAME=same\n' })
    put(view, 'OLD', 'old')
    put(view, 'SAME', 'same')
    const dry = await run(importCommand, { path: '.env', overwrite: true, 'dry-run': true })
    expect(dry.out).toBe(
      '  ✓ NEW (would create from .env)\n  ✓ OLD (would overwrite from .env)\n  ℹ SAME (unchanged, source .env)\n\n' +
        'ℹ Would import 2 secret(s) from 1 file(s)\nℹ Would overwrite 1 existing secret(s)\nℹ Unchanged: 1 secret(s) already have that value\n',
    )
    expect(dry.json).toMatchObject({ changed: false, dry_run: true })
    expect(view.list('default').map(({ key }) => key)).toEqual(['OLD', 'SAME'])
    const kept = await run(importCommand, { path: '.env' })
    expect(kept.out).toContain('  ⚠ OLD (skipped - already exists, source .env)\n')
    expect(kept.out).toEndWith('ℹ Skipped 1 existing secret(s). Use --overwrite to replace them.\n')
    expect(get(view, 'OLD')).toBe('old')
    expect((await run(importCommand, { path: '.env', overwrite: true })).out).toContain(
      '  ✓ OLD (overwritten from .env)\n',
    )
    expect([get(view, 'OLD'), versions(view, 'OLD'), versions(view, 'SAME'), versions(view, 'NEW')]).toEqual([
      'new',
      2,
      1,
      1,
    ])
  })

  test('W32: lines that were not taken are told twice, without a value', async () => {
    const { played, run } = place({ '.env': 'A=1\nP="sec\nsec2=ret+\n-----sec-----\nA=2\n' })
    const { note, json } = await run(importCommand, { path: '.env' })
    expect(played.said).toEqual([
      '⚠ Skipped 2 unsupported or invalid dotenv line(s)',
      '  ⚠ .env:2 P: skipped unterminated quoted value',
      '  ⚠ .env:4 skipped unsupported line without KEY=VALUE assignment',
      '  ⚠ .env:5 A: key redefined in file; last value wins',
    ])
    expect(note).toBe('✗ 2 line(s) NOT imported, listed above')
    expect(JSON.stringify([played.said, note, (json as { lines: unknown }).lines])).not.toMatch(/sec"|ret|-----/)
  })

  test('W32: --strict stores nothing when a line is bad, and is content when none is', async () => {
    const { view, run } = place({ '.env': 'A=1\nbad\n', '.env.local': 'B=1\nB=2\n' })
    const refused = await failureOf(run(importCommand, { strict: true }))
    expect(refused.message).toBe('1 line(s) were not understood, nothing was imported: .env:2')
    expect(view.list('default')).toEqual([])
    await run(importCommand, { path: '.env.local', strict: true })
    expect(get(view, 'B')).toBe('2')
  })

  test('W56: all keys are stored in one step, with one row in the audit log', async () => {
    const { view, run } = place({ '.env': Array.from({ length: 30 }, (_, i) => `K${i}=${i}\n`).join('') })
    await run(importCommand)
    expect(view.audit({ limit: 100, action: 'env.import' }).map(({ metadata }) => metadata['created'])).toEqual([30])
  })

  test('W56: more than fifty keys are a summary, unless --verbose', async () => {
    const many = Array.from({ length: 51 }, (_, i) => `K${i}=${i}\n`).join('')
    const { played, run } = place({ '.env': many })
    expect((await run(importCommand, { 'dry-run': true })).out).toBe('ℹ Would import 51 secret(s) from 1 file(s)\n')
    played.verbose = true
    expect((await run(importCommand)).out.split('\n')).toHaveLength(51 + 3)
  })

  test('standard input, and a file with nothing in it', async () => {
    const { view, run } = place({ '-': 'A=1\n', '.env': '# nothing\n' })
    expect((await run(importCommand, { path: '-' })).out).toContain('✓ A (created from standard input)')
    expect(get(view, 'A')).toBe('1')
    expect((await run(importCommand, { path: '.env' })).out).toBe(
      '⚠ No valid secrets found in the selected dotenv files\n',
    )
  })

  test('W41: words that do not fit together', async () => {
    const { played, run } = place({ '.env.prod': 'A=1\n', 'prod.env': '' })
    const said = async (given: Parameters<typeof run<typeof importCommand.input, unknown>>[1]) => {
      const { kind, message } = await failureOf(run(importCommand, given))
      return `${kind}: ${message}`
    }
    expect(await said({ path: '.env', file: ['.env'] })).toBe('usage: a file and --file cannot be given together')
    expect(await said({ path: '.env', dir: 'd' })).toStartWith('usage: --dir and --env look for files')
    expect(await said({ path: 'prod.env' })).toStartWith('usage: prod.env is not a supported')
    expect(await said({})).toBe('failed: no safe dotenv files found in .; there: .env.prod')
    expect(await said({ env: 'prdo' })).toBe('failed: no .env.prdo and no .env.prdo.local in .')
    expect(await said({ env: 'a.b' })).toStartWith('usage: --env a.b')
    expect(await said({ path: '-', interactive: true })).toStartWith('usage: --interactive cannot read')
    played.terminal = false
    expect(await said({ interactive: true })).toBe('usage: --interactive needs a terminal')
  })

  describe('--interactive', () => {
    const files = { 'd/.env': 'A=1\n', 'd/.env.prod': 'B=2\nC=3\n' }

    test('offers all files, recommends the usual ones, shows the plan and stores what was chosen', async () => {
      const { played, view, run } = place(files)
      played.choose = () => ['d/.env.prod']
      await run(importCommand, { dir: 'd', interactive: true })
      expect(played.asked).toEqual([
        'Select files to import',
        'd/.env: 1 key(s), recommended',
        'd/.env.prod: 2 key(s)',
        'Import these dotenv secrets?',
      ])
      expect(played.said.join()).toContain('B (would create from d/.env.prod)')
      expect(view.list('default').map(({ key }) => key)).toEqual(['B', 'C'])
    })

    test('no file or a no stores nothing', async () => {
      const { played, view, run } = place(files)
      played.choose = () => []
      expect((await failureOf(run(importCommand, { dir: 'd', interactive: true }))).kind).toBe('cancelled')
      played.choose = (options) => options
      played.answer = false
      expect((await failureOf(run(importCommand, { dir: 'd', interactive: true }))).kind).toBe('cancelled')
      expect(view.list('default')).toEqual([])
    })

    test('a key stored by somebody else meanwhile is not overwritten, and the report says so', async () => {
      const { played, view, run } = place(files)
      played.meanwhile = () => void put(view, 'A', 'theirs')
      const { out } = await run(importCommand, { path: 'd/.env', interactive: true })
      expect(get(view, 'A')).toBe('theirs')
      expect(out).toContain('⚠ A (skipped - already exists, source d/.env)')
    })
  })

  test('W32: what export wrote, import reads back', async () => {
    const from = place()
    const values = {
      PEM: '-----BEGIN X-----\nabc==\n-----END X-----\n',
      Q: `it's "$HOME" \`id\`\n`,
      BLANK: ' \u00a0',
      E: '',
    }
    for (const [key, value] of Object.entries(values)) put(from.view, key, value)
    await from.run(exportCommand, { output: '.env' })
    const to = place({ '.env': from.played.files.get('.env') ?? '' })
    await to.run(importCommand, { path: '.env', strict: true })
    expect(Object.fromEntries(Object.keys(values).map((key) => [key, get(to.view, key)]))).toEqual(values)
  })
})
