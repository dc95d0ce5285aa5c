// What the owner's recipes run around a program of an AI agent: the same confinement, values and redaction; taken down
// after every end of the program; and nothing of it the client's to change.
import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { confinement } from '../../src/guard/confinement.ts'
import { beside } from '../beside.ts'
import { hitsIn } from './mcp-canary.ts'
import { CANARIES, Cell, cellsOfATest, endAll, plantedPlace } from './mcp-place.ts'
import type { CellWish } from './mcp-place.ts'

setDefaultTimeout(60_000)

const place = plantedPlace()
afterAll(() => place.remove())
const open = cellsOfATest()

/** A program of the owner that writes its line into the log of the cell, and then does what is said. */
const sh = (cell: Cell, line: string) => ['/bin/sh', '-c', line.replaceAll('LOG', join(cell.work, 'log'))]

async function cellOf(recipe: (cell: Cell) => object, wish: Partial<CellWish> = {}, cells = open) {
  const cell = new Cell(place, { rules: { mode: 'full', reads: 0, exec: true }, key: 'passphrase', ...wish })
  cells.push(cell)
  const path = join(cell.folder, 'vault', 'mcp-recipes.yaml')
  writeFileSync(path, JSON.stringify(recipe(cell)), { mode: 0o600 })
  await cell.client.initialize()
  const exec = (argv: readonly string[], more: object = {}) =>
    cell.client.call('vault_exec', { project: 'app', argv, secrets: ['OPEN'], ...more })
  return {
    cell,
    exec,
    log: () => (existsSync(join(cell.work, 'log')) ? readFileSync(join(cell.work, 'log'), 'utf8') : ''),
  }
}

const clean = (found: unknown) => expect(hitsIn(CANARIES, 'result', JSON.stringify(found))).toEqual([])

describe.if(confinement().confined)('recipes', () => {
  test('what is set up is there for the program, in the same confinement, and taken down again', async () => {
    for (const key of ['passphrase', 'agent'] as const) {
      const { cell, exec, log } = await cellOf(
        (one) => ({
          OPEN: {
            as: 'file',
            name: 'OPEN_FILE',
            'set-up': [
              sh(one, 'wc -c < "$OPEN_FILE" > "$TMPDIR/made" && cp "$TMPDIR/made" LOG'),
              sh(one, `ls ${one.folder}/vault && exit 1; pwd -P | cut -d- -f1 >> LOG`),
            ],
            'tear-down': [sh(one, 'ls "$TMPDIR" >> LOG'), ['/bin/false']],
          },
        }),
        { key },
      )
      const { data } = await exec(['sh', '-c', 'cat "$TMPDIR/made"; pwd; echo ran >> log'])
      expect(data).toMatchObject({
        exit_code: 0,
        stdout: `${CANARIES.open.length}\n${cell.work}\n`,
        set_up: [
          { program: 'sh', exit_code: 0 },
          { program: 'sh', exit_code: 0 },
        ],
        tear_down: [
          { program: 'sh', exit_code: 0 },
          { program: 'false', exit_code: 1 },
        ],
      })
      // The words are the owner's, and what went well is not told.
      expect(JSON.stringify(data)).not.toContain('OPEN_FILE')
      expect(data['set_up']).not.toContainEqual(expect.objectContaining({ stdout: expect.anything() }))
      expect(log()).toMatch(new RegExp(`^${CANARIES.open.length}\\n/\\S*/tvault\\nran\\nmade\\n$`))
    }
  })

  test.each(['passphrase', 'agent'] as const)(
    'where setting up fails the program is not run, and what it printed is told without the value: %s',
    async (key) => {
      const { exec, log } = await cellOf(
        (one) => ({
          OPEN: {
            'set-up': [
              sh(one, 'echo $OPEN; printf %s "$OPEN" | base64 -w0 >&2; printf %s "$OPEN" | rev; exit 7'),
              sh(one, 'echo second >> LOG'),
            ],
            'tear-down': [sh(one, 'echo down >> LOG; echo $OPEN; exit 3')],
          },
        }),
        { key },
      )
      const { data, isError } = await exec(['touch', 'ran'])
      clean(data)
      expect(isError).toBe(false)
      expect(data).toMatchObject({
        started: false,
        set_up: [{ program: 'sh', exit_code: 7, stdout: expect.stringContaining('[REDACTED:OPEN]') }],
        tear_down: [{ exit_code: 3, stdout: '[REDACTED:OPEN]\n' }],
      })
      expect(data).not.toHaveProperty('exit_code')
      expect(log()).toBe('down\n')
      const bare = await exec(['touch', 'ran'], { output: 'exit' })
      expect(JSON.stringify(bare.data)).not.toContain('stdout')
      expect(bare.data).toMatchObject({ started: false, set_up: [{ exit_code: 7 }] })
    },
  )

  test('much that it prints is cut', async () => {
    const { exec } = await cellOf((one) => ({
      OPEN: { 'set-up': [sh(one, 'head -c 9999999 /dev/zero | tr "\\0" x; exit 1')] },
    }))
    const { data } = await exec(['true'])
    expect(JSON.stringify(data).length).toBeLessThan(6000)
    expect(JSON.stringify(data)).toContain('bytes left out')
  })

  test('after a time limit and a kill what was set up is taken down', async () => {
    const { exec, log } = await cellOf((one) => ({
      OPEN: { 'set-up': [sh(one, 'echo up >> LOG')], 'tear-down': [sh(one, 'echo down ${#OPEN} >> LOG')] },
    }))
    const down = `up\ndown ${CANARIES.open.length}\n`
    const late = await exec(['sleep', '60'], { timeout_seconds: 1 })
    expect(late.data).toMatchObject({ timed_out: true, tear_down: [{ exit_code: 0 }] })
    expect(log()).toBe(down)
    const killed = await exec(['sh', '-c', 'kill -9 $$'])
    expect(killed.data).toMatchObject({ signal: 'SIGKILL', tear_down: [{ exit_code: 0 }] })
    expect(log()).toBe(down + down)
  })

  test('several secrets: in their order, and taken down the other way round', async () => {
    const around = (one: Cell, name: string) => ({
      'set-up': [sh(one, `echo up ${name} >> LOG`)],
      'tear-down': [sh(one, `echo down ${name} >> LOG`)],
    })
    const { exec, log } = await cellOf((one) => ({
      'app/LINES': { as: 'stdin', ...around(one, 'L') },
      OPEN: around(one, 'O'),
    }))
    const { data } = await exec(['wc', '-l'], { secrets: ['OPEN', 'LINES'] })
    expect(data).toMatchObject({ stdout: '3\n' })
    expect(log()).toBe('up L\nup O\ndown O\ndown L\n')
    // Without the secret there is nothing to set up.
    expect((await exec(['true'], { secrets: ['LINES'], project: 'default' })).data).not.toHaveProperty('set_up')
  })

  test("the words of the client are judged, and the owner's are not the client's", async () => {
    const own = '[allow one]\nproject = app\neffect = run\ncommand = printenv SET\n'
    const { cell, exec, log } = await cellOf(
      (one) => ({ OPEN: { name: 'SET', 'set-up': [sh(one, 'echo up >> LOG')] } }),
      { rules: undefined, own },
    )
    expect((await exec(['printenv', 'SET'])).data).toMatchObject({ exit_code: 0, set_up: [{ exit_code: 0 }] })
    expect((await exec(['/bin/sh', '-c', 'echo up'])).isError).toBe(true)
    const given = { set_up: [['/bin/true']], argv: ['printenv', 'SET'], secrets: ['OPEN'], project: 'app' }
    expect((await cell.client.call('vault_exec', given)).data['kind']).toBe('usage')
    expect(log()).toBe('up\n')
  })

  test('a program that is not there, or that the client could have written, is not run, and nothing else', async () => {
    for (const program of ['/usr/bin/no-such-program', 'below the root']) {
      const { cell, exec, log } = await cellOf((one) => {
        const path = program.startsWith('/') ? program : join(one.work, 'evil')
        return { OPEN: { 'set-up': [sh(one, 'echo up >> LOG'), [path]] } }
      })
      writeFileSync(join(cell.work, 'evil'), '#!/bin/sh\ntouch evil-ran\n')
      chmodSync(join(cell.work, 'evil'), 0o755)
      expect((await exec(['touch', 'ran'])).isError).toBe(true)
      expect([log(), existsSync(join(cell.work, 'ran')), existsSync(join(cell.work, 'evil-ran'))]).toEqual([
        '',
        false,
        false,
      ])
    }
  })

  test('a file that is wrong, or that others could write, stops every program', async () => {
    const { cell, exec } = await cellOf(() => ({}))
    const path = join(cell.folder, 'vault', 'mcp-recipes.yaml')
    for (const text of [
      'OPEN: { set-up: "touch ran" }',
      'OPEN: { set-up: [[touch, ran]] }',
      'OPEN: { set-up: [/bin/touch] }',
    ]) {
      writeFileSync(path, `# line 1\n${text}\n`)
      const { data } = await exec(['touch', 'ran'])
      expect([text, data['kind'], data['message']]).toEqual([text, 'failed', expect.stringContaining('line 2')])
    }
    writeFileSync(path, 'OPEN: { set-up: [[/bin/true]] }\n')
    chmodSync(path, 0o666)
    expect((await exec(['touch', 'ran'])).isError).toBe(true)
    expect(existsSync(join(cell.work, 'ran'))).toBe(false)
  })

  // Ten seconds are waited for a program whose client went away.
  const takenDown = async () => {
    const cells: Cell[] = []
    const recipe = (one: Cell) => ({ OPEN: { 'tear-down': [sh(one, 'sleep 0.2; echo down >> LOG')] } })
    try {
      const { cell, exec, log } = await cellOf(recipe, {}, cells)
      void exec(['sh', '-c', 'echo begun > begun; sleep 60'])
      const id = cell.client.lastId
      while (!existsSync(join(cell.work, 'begun'))) await Bun.sleep(20)
      cell.client.say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } })
      while (log() === '') await Bun.sleep(20)
      void exec(['sh', '-c', 'echo begun > again; sleep 60'])
      while (!existsSync(join(cell.work, 'again'))) await Bun.sleep(20)
      expect(await cell.client.end()).toBe(0)
      expect(log()).toBe('down\ndown\n')
    } finally {
      await endAll(cells)
    }
  }
  beside('when the call is taken back, and when the client goes away, it is taken down as well', takenDown, 60_000)
})
