// run --env-file and --as-file: which values a program gets, in which order of precedence, and what it costs in reads.
import { describe, expect, test } from 'bun:test'
import run from '../../src/commands/run.ts'
import { utf8 } from '../../src/lib/bytes.ts'
import { owner, put } from '../vault/fixture.ts'
import { room, type Room } from './room.ts'

function place(file: string): Room & { view: ReturnType<Room['vault']['view']> } {
  const here = room()
  const view = here.vault.view(owner('write', 'set'))
  for (const [key, value] of Object.entries({ SAME: '1', DIFF: 'v', TVAULT_OWN: 'own' })) put(view, key, value)
  view.createProject('web', '')
  put(view, 'URL', 'https://web', 'web')
  put(view, 'PORT', '80', 'web')
  here.played.files['.env'] = utf8(file)
  return { ...here, view }
}

const command = ['env']

describe('run --env-file', () => {
  test('entries of the file are added, references are filled in, and the vault wins', async () => {
    const here = place(
      'PLAIN=p\nDIFF=file\nA=${tvault://SAME}-${tvault://current/DIFF}\nB=${tvault:///SAME}\nC=${tvault://web/URL}:${tvault://web/PORT}\nD=tvault://web/URL\nE=$HOME\n',
    )
    await here.call(run, { command, 'env-file': '.env' })
    expect(here.played.launched?.inject).toEqual({
      PLAIN: 'p',
      DIFF: 'v',
      A: '1-v',
      B: '1',
      C: 'https://web:80',
      D: 'tvault://web/URL',
      E: '$HOME',
      SAME: '1',
    })
  })

  test('all references to one project are one row in the audit log', async () => {
    const here = place(
      Array.from({ length: 20 }, (_, i) => `K${i}=\${tvault://web/${i % 2 ? 'URL' : 'PORT'}}\${tvault://SAME}\n`).join(
        '',
      ),
    )
    await here.call(run, { command, 'env-file': '.env', only: ['DIFF'] })
    const rows = here.view.audit({ limit: 50 }).filter(({ command: by }) => by === 'run')
    const read = rows.map(({ resourceName, metadata }) => JSON.stringify([resourceName, metadata['keys']]))
    expect(read.toSorted()).toEqual(['["default",["DIFF"]]', '["default",["SAME"]]', '["web",["PORT","URL"]]'])
    expect(Object.keys(here.played.launched?.inject ?? {}).length).toBe(21)
  })

  test('with an environment of a group, a reference without a project means that environment', async () => {
    const here = place('A=${tvault://URL}-${tvault://BASED}\nB=${tvault://default/SAME}\n')
    here.view.createProject('base', '')
    put(here.view, 'BASED', 'inherited', 'base')
    const environments = [
      { name: 'dev', project: 'web' },
      { name: 'root', project: 'base' },
    ]
    here.view.createGroup({ name: 'g', description: '', environments, force: false })
    here.view.setBase('g', 'dev', 'root')
    await here.call(run, { command, 'env-file': '.env', group: 'g', env: 'dev', only: ['PORT'] })
    expect(here.played.launched?.inject).toEqual({ A: 'https://web-inherited', B: '1', PORT: '80' })
  })

  test('what is put in is not looked at again', async () => {
    const here = place('A=${tvault://EVIL}\n')
    put(here.view, 'EVIL', '${tvault://SAME}')
    await here.call(run, { command, 'env-file': '.env', only: ['DIFF'] })
    expect(here.played.launched?.inject).toEqual({ A: '${tvault://SAME}', DIFF: 'v' })
  })

  test('--no-vault opens no vault and takes no reference', async () => {
    const here = place('A=1\nTVAULT_DIR=/x\n')
    here.vault.lock()
    await here.call(run, { command, 'env-file': '.env', 'no-vault': true })
    expect(here.played.launched?.inject).toEqual({ A: '1' })
    expect(here.played.said.join()).toContain('TVAULT_DIR')
    here.played.files['.env'] = utf8('\nA=${tvault://SAME}\n')
    expect(await here.fails(run, { command, 'env-file': '.env', 'no-vault': true })).toMatchObject({
      kind: 'failed',
      message: 'interpolate A (.env:2): tvault://SAME needs the vault, but --no-vault is given',
    })
    expect((await here.fails(run, { command, 'no-vault': true, only: ['A'] })).kind).toBe('usage')
  })

  test('what is missing or malformed is told with file and line, and nothing is started', async () => {
    const told = async (line: string) => {
      const here = place(`X=1\n${line}\n`)
      const failure = await here.fails(run, { command, 'env-file': '.env' })
      expect(here.played.launched).toBeUndefined()
      return `${failure.kind}: ${failure.message}`
    }
    expect(await told('A=${tvault://NOPE}')).toBe(
      'not_found: interpolate A (.env:2): resolve tvault://NOPE: no secret NOPE in project "default"',
    )
    expect(await told('A=${tvault://nope/KEY}')).toBe(
      'not_found: interpolate A (.env:2): resolve tvault://nope/KEY: no project nope',
    )
    expect(await told('A=${tvault://a b}')).toStartWith('failed: interpolate A (.env:2): invalid tvault reference')
    const here = place('X=1\nbroken\n')
    await here.call(run, { command, 'env-file': '.env' })
    expect(here.played.said.join()).toContain('.env:2 skipped')
    expect((await here.fails(run, { command, 'env-file': '.env', strict: true })).message).toBe(
      '1 line(s) were not understood, the program was not started: .env:2',
    )
    expect((await here.fails(run, { command, 'env-file': 'prod.env' })).kind).toBe('usage')
  })
})

describe('W44: run --as-file', () => {
  test('the value becomes a file and no variable, also under another name', async () => {
    const here = place('IN_FILE=f\n')
    await here.call(run, { command, 'env-file': '.env', 'as-file': ['SAME', 'DIFF_FILE=DIFF', 'IN_FILE'] })
    expect(here.played.launched).toEqual({
      command,
      inject: {},
      files: { SAME: '1', DIFF_FILE: 'v', IN_FILE: 'f' },
      clean: false,
    })
  })

  test('a selection does not leave out what is asked for as a file', async () => {
    const here = place('')
    await here.call(run, { command, only: ['SAME'], 'as-file': ['DIFF'] })
    expect(here.played.launched).toMatchObject({ inject: { SAME: '1' }, files: { DIFF: 'v' } })
  })

  test('what is missing, or no name, is refused', async () => {
    const here = place('')
    expect(await here.fails(run, { command, 'as-file': ['NOPE'] })).toMatchObject({
      kind: 'not_found',
      message: '--as-file key(s) not found: NOPE',
    })
    for (const bad of ['a-b', 'A=', '=A', 'TVAULT_X=SAME', 'A=B=C']) {
      expect([bad, (await here.fails(run, { command, 'as-file': [bad] })).kind]).toEqual([bad, 'usage'])
    }
    expect(here.played.launched).toBeUndefined()
  })
})
