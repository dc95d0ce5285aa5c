import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { commands } from '../../src/commands/index.ts'
import { describe as plain } from '../../src/commands/describe.ts'
import { commandHelp, flagForm, usage } from '../../src/faces/command-help.ts'
import type { Description } from '../../src/faces/description.ts'
import { groupHelp, rootHelp } from '../../src/faces/help.ts'
import { columns, wrap } from '../../src/faces/layout.ts'
import { man } from '../../src/faces/man.ts'
import { commandPages, commandTable, exitCodeTable, markdownTable } from '../../src/faces/markdown.ts'
import { FAILURES } from '../../src/lib/errors.ts'

const catalog = commands.map(plain)
const lines = (text: string): string[] => text.split('\n')

const odd: Description = {
  path: 'odd thing',
  aliases: ['ot'],
  about: 'Do an odd thing',
  detail: ".it begins with a dot\n'or a quote, and has a \\ and a | in it",
  effect: 'none',
  fields: [
    { name: 'what', kind: 'text', about: 'what | how', at: 0, required: true },
    { name: 'words', kind: 'list', about: 'words', at: 1, required: false },
    { name: 'form', kind: 'choice', about: 'form', short: 'f', choices: ['a', 'b'], required: false, fallback: 'a' },
  ],
  examples: [{ words: 'odd thing x', about: 'An odd example' }],
}

describe('layout', () => {
  const words = fc.array(fc.stringMatching(/^[a-z-]{1,12}$/), { minLength: 1, maxLength: 60 })

  test('no line is wider than it may be, and no word is lost', () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 40, max: 100 }), (typed, width) => {
        const wrapped = wrap(typed.join(' '), width)
        expect(lines(wrapped).every((line) => line.length <= width)).toBe(true)
        expect(wrapped.split(/\s+/).filter(Boolean)).toEqual(typed)
      }),
    )
  })

  test('the same for two columns', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.stringMatching(/^[a-z]{1,30}$/), words)), fc.integer(), (rows, width) => {
        const made = columns(
          rows.map(([name, about]) => [name, about.join(' ')]),
          { width },
        )
        const most = Math.max(40, Math.min(100, width))
        expect(lines(made).filter((line) => line.length > most || line.endsWith(' '))).toEqual([])
        expect(made.split(/\s+/).filter(Boolean)).toEqual(rows.flatMap(([name, about]) => [name, ...about]))
      }),
    )
  })

  test('what a name does stands beside it, or below where there is no room', () => {
    const rows = [
      ['a', 'one two three four five six seven'],
      ['bcd', 'x'],
    ] as const
    expect(columns(rows, { width: 40 })).toBe('  a    one two three four five six seven\n  bcd  x\n')
    expect(columns(rows, { width: 40, least: 20 })).toBe(
      '  a\n      one two three four five six seven\n  bcd\n      x\n',
    )
  })
})

describe('help', () => {
  test('the overview names no command twice', () => {
    const named = lines(rootHelp(catalog)).flatMap((line) => /^ {2}(\S+(?: \S+)?) {2,}[A-Z]/.exec(line)?.[1] ?? [])
    expect(named.length).toBeGreaterThan(20)
    expect(new Set(named).size).toBe(named.length)
  })

  test('a command of no theme stands at the end', () => {
    expect(rootHelp([...catalog, odd])).toMatch(/\nMore:\n(?: {2}.*\n)* {2}odd thing +Do an odd thing\n/)
  })

  test('a group lists its members', () => {
    const members = catalog.filter(({ path }) => path.startsWith('projects '))
    expect(members.length).toBeGreaterThan(3)
    for (const { path, about } of members)
      expect(groupHelp('projects', members)).toMatch(new RegExp(`${path} +${about}`))
  })

  test.each(catalog)('$path: everything declared is shown, in 80 columns', (description) => {
    const help = commandHelp(description)
    const flat = help.replace(/\s+/g, ' ')
    for (const field of description.fields) {
      expect(flat).toContain(field.about)
      if (field.at === undefined) expect(help).toContain(flagForm(field))
    }
    for (const { words, about } of description.examples) {
      expect(help).toContain(`tvault ${words}`)
      expect(flat).toContain(about)
    }
    expect(help).toContain('-p, --project <name>')
    expect(lines(help).filter((line) => line.length > 80 && !line.startsWith('Usage: '))).toEqual([])
  })

  test('usage tells required from optional', () => {
    expect(usage(odd)).toBe('tvault odd thing <what> [<words>…] [flags]')
    expect(commandHelp(odd)).toContain('-f, --form <a|b>')
    expect(commandHelp(odd)).toContain('form (default: a)')
  })
})

describe('markdown', () => {
  test('cells hold bars and line ends', () => {
    expect(markdownTable(['a'], [['x | y\nz']])).toBe('| a |\n| --- |\n| x \\| y z |\n')
  })

  test('every command and every failure has its row', () => {
    const table = commandTable(catalog)
    for (const { path, about } of catalog)
      expect(table).toMatch(new RegExp(`\\| \`tvault ${path}[ \`].*\\| ${about} \\|`))
    for (const [kind, { exit }] of Object.entries(FAILURES))
      expect(exitCodeTable(FAILURES)).toContain(`| ${exit} | \`${kind}\` |`)
    for (const { path } of catalog) expect(commandPages(catalog)).toContain(`## tvault ${path}\n`)
  })
})

describe('the manual page', () => {
  test('roff takes all text literally', () => {
    const page = man([odd], '0.0.0')
    expect(page).toContain("\n\\&.it begins with a dot\n\\&'or a quote, and has a \\e and a | in it\n")
    expect(lines(page).filter((line) => /^[.'](?!TH|SH|SS|PP|TP|B |I |nf$|fi$)/.test(line))).toEqual([])
  })

  test('groff has nothing to complain about', async () => {
    const groff = Bun.which('groff')
    const page = man(catalog, '0.0.0')
    expect(page).toStartWith('.TH TVAULT 1 ')
    if (groff === null) return
    const child = Bun.spawn([groff, '-man', '-Tutf8', '-ww'], {
      stdin: new Blob([page]),
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const [out, complaints] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
    expect(complaints).toBe('')
    expect(out).toContain('rollback')
  })
})
