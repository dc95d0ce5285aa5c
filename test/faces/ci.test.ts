// The files for CI services are read as YAML, and their scripts are run by the shell that the service uses, with
// stand-ins for curl and tvault. What must never be there is looked for as well.
import { afterAll, describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CI_MODES, CI_PROVIDERS, ciFile } from '../../src/faces/ci.ts'
import type { CiWish } from '../../src/faces/ci.ts'

const root = mkdtempSync(join(tmpdir(), 'ci-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const PROGRAM =
  '#!/bin/sh\necho "$*" >> "$CALLS"\ncase "$*" in *"--in -") cat > /dev/null ;; esac\ncase "$*" in decrypt-env*) echo A=1 ;; "ci export --provider gitlab"*) echo "export A=1" ;; esac\n'
const SUM = new Bun.CryptoHasher('sha256').update(PROGRAM).digest('hex')
const wish = (part: Partial<CiWish>): CiWish => ({
  provider: 'github-actions',
  mode: 'identity',
  identity: 'default',
  sum: SUM,
  version: '0.0.0',
  ...part,
})

interface Step {
  name?: string
  run?: string
  shell?: string
  env?: Record<string, string>
}

const all = CI_PROVIDERS.flatMap((provider) => CI_MODES.map((mode) => wish({ provider, mode })))

describe.each(all)('W59: $provider, $mode', (one) => {
  const text = ciFile(one)

  test('is YAML, and loads secrets with the words of ci export', () => {
    expect(Bun.YAML.parse(text)).toBeObject()
    expect(text).toContain(`tvault ci export --provider ${one.provider}`)
  })

  test('fetches nothing that it does not check, and runs nothing as root', () => {
    expect(text.match(/curl/g)).toHaveLength(1)
    expect(text).toContain("curl --proto '=https'")
    expect(text.indexOf('sha256sum -c -')).toBeGreaterThan(text.indexOf('curl'))
    expect(text.indexOf('chmod 0755')).toBeGreaterThan(text.indexOf('sha256sum -c -'))
    expect(text).not.toMatch(/sudo|latest\/download|\| *(?:ba)?sh\b/)
  })

  test('does not advise to commit a vault, and puts no secret on a command line', () => {
    expect(text).not.toMatch(/commit[^\n]*vault\.db|vault\.db/)
    expect(text).not.toMatch(/(?:run|script):[^\n]*\$\{\{ *secrets/)
    expect(text).not.toMatch(/echo[^\n]*TVAULT_(?:PASSPHRASE|IDENTITY_KEY)/)
  })
})

test('the workflow has the name that TinyVault gives it', () => {
  expect(ciFile(wish({}))).toContain('\nname: TinyVault Secrets\n')
})

test('without a known sum it is asked of a variable', () => {
  expect(ciFile(wish({ sum: undefined }))).toContain('TVAULT_SHA256: ${{ vars.TVAULT_SHA256 }}')
  expect(ciFile(wish({ sum: undefined, provider: 'gitlab' }))).toContain('CI/CD variable TVAULT_SHA256')
})

/** Runs `script` as the service does, with a curl that delivers `delivered`. */
function runStep(
  name: string,
  argv: readonly string[],
  script: string,
  delivered: string,
  env: Record<string, string>,
) {
  const folder = join(root, name)
  mkdirSync(join(folder, 'bin'), { recursive: true })
  writeFileSync(join(folder, 'delivered'), delivered)
  writeFileSync(join(folder, 'path'), '')
  writeFileSync(join(folder, 'bin', 'curl'), `#!/bin/sh\nfor to do :; done\ncp '${folder}/delivered' "$to"\n`)
  chmodSync(join(folder, 'bin', 'curl'), 0o755)
  const done = Bun.spawnSync([...argv, script], {
    cwd: folder,
    env: {
      PATH: `${folder}/bin:${process.env['PATH']}`,
      CALLS: join(folder, 'calls'),
      RUNNER_TEMP: folder,
      GITHUB_PATH: join(folder, 'path'),
      TVAULT_URL: 'https://example.org/tvault',
      TVAULT_SHA256: SUM,
      TMPDIR: folder,
      ...env,
    },
  })
  return { code: done.exitCode, out: done.stdout.toString(), folder }
}

const BASH = ['bash', '--noprofile', '--norc', '-eo', 'pipefail', '-c']

test('W59: the GitHub steps run, and stop at a program with another sum', () => {
  const workflow = Bun.YAML.parse(ciFile(wish({}))) as { jobs: Record<string, { steps: Step[] }> }
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps)
  const install = steps.find(({ name }) => name === 'Install tvault')?.run ?? ''
  const load = steps.find(({ name }) => name === 'Load secrets')?.run ?? ''
  for (const { run, shell } of steps.slice(0, -1)) if (run !== undefined) expect(shell).toBe('bash')

  const good = runStep('github', BASH, install, PROGRAM, {})
  expect(good.code).toBe(0)
  const bin = readFileSync(join(good.folder, 'path'), 'utf8').trim()
  const loaded = runStep('github', BASH, load, PROGRAM, { PATH: `${bin}:${process.env['PATH']}` })
  expect([loaded.code, readFileSync(join(good.folder, 'calls'), 'utf8').split('\n').toSorted()]).toEqual([
    0,
    ['', 'ci export --provider github-actions --in -', 'decrypt-env --in .env.encrypted'],
  ])

  const bad = runStep('forged', BASH, install, `${PROGRAM}# changed\n`, {})
  expect(bad.code).not.toBe(0)
  expect(readFileSync(join(bad.folder, 'path'), 'utf8')).toBe('')
})

test.each(['bash', 'dash'])('W59: the GitLab lines run in %s, and stop at a program with another sum', (shell) => {
  const lines = Bun.YAML.parse(ciFile(wish({ provider: 'gitlab' }))) as Record<string, { before_script: string[] }>
  const script = `${lines['.load_tinyvault_secrets']?.before_script.join('\n')}\necho "A is $A"`
  const good = runStep(`gitlab-${shell}`, [shell, '-c'], script, PROGRAM, {})
  expect([good.code, good.out]).toEqual([0, expect.stringContaining('A is 1\n')])
  const bad = runStep(`gitlab-${shell}-forged`, [shell, '-c'], script, `${PROGRAM}# changed\n`, {})
  expect([bad.code === 0, existsSync(join(bad.folder, 'calls'))]).toEqual([false, false])
})
