// What an own policy decides. Beside examples: whatever the policy, what no rule allows is refused, what a rule denies is
// refused, and more denying never allows more.
import { describe, expect, test } from 'bun:test'
import { decideOwn, unfit } from '../../src/commands/parts/policy-own.ts'
import { ownRules } from '../../src/commands/policy-mcp.ts'
import { policyFor } from '../../src/commands/policy.ts'
import { readPolicy } from '../../src/formats/policy.ts'
import { EFFECTS } from '../../src/lib/gate.ts'
import type { Act, Decision, Effect } from '../../src/lib/gate.ts'

const AT = Date.UTC(2026, 5, 1)
const policy = (text: string) => readPolicy(text, { revision: 1, home: '/home/me' })

interface Case {
  client?: string
  command?: string
  effect: Effect
  project?: string
  key?: string
  act?: Act
}

function decide(text: string, asked: Case, at = AT): Decision {
  return decideOwn(policy(text), { client: 'claude-code', command: 'x', ...asked }, at)
}

const KEY = { project: 'shop', key: 'DB_URL' } as const

describe('what is allowed', () => {
  const RUN = `
[allow tests]
client = claude*
project = shop, team/*
key = DB_*
effect = run
command = npm test
command = npm run *
command = make **
directory = /src/shop
`
  const run = (argv: string[], rest: Partial<Case> = {}): boolean =>
    decide(RUN, { effect: 'inject', ...KEY, act: { argv, directory: '/src/shop/api' }, ...rest }).allow

  test.each([
    [['npm', 'test'], true],
    [['npm', 'test', '--', 'x'], false],
    [['npm', 'run', 'build/all'], true],
    [['npm', 'run'], false],
    [['make'], true],
    [['make', 'a', 'b'], true],
    [['/tmp/npm', 'test'], false],
    [['./npm', 'test'], false],
    [['NPM', 'test'], false],
    [[], false],
    [['sh', '-c', 'npm test'], false],
  ] as const)('%j: %p', (argv, allowed) => expect(run([...argv])).toBe(allowed))

  test.each([
    ['another client', { client: 'cursor' }],
    ['another project', { project: 'prod' }],
    ['a project below the glob', { project: 'team/a/b' }],
    ['another key', { key: 'API_KEY' }],
    ['another directory', { act: { argv: ['make'], directory: '/src/shopping' } }],
    ['no directory', { act: { argv: ['make'] } }],
    ['no program', { act: {} }],
    ['nothing said', { act: undefined as unknown as Act }],
    ['a host instead', { act: { host: 'example.com' } }],
    ['another effect', { effect: 'reveal' as Effect }],
  ])('not %s', (_, changed) => expect(run(['make'], changed)).toBe(false))

  test('names of what may be used are known, case does not count', () => {
    expect(decide(RUN, { effect: 'list', project: 'shop', key: 'db_url' }).allow).toBe(true)
    expect(decide(RUN, { effect: 'list', project: 'shop', key: 'API' }).allow).toBe(false)
    expect(decide(RUN, { effect: 'list' }).allow).toBe(true)
    expect(decide(RUN, { effect: 'list', client: 'other' }).allow).toBe(false)
  })

  test('without a name it is asked whether anything may be done', () => {
    expect(decide(RUN, { effect: 'inject' }).allow).toBe(true)
    expect(decide(RUN, { effect: 'write' }).allow).toBe(false)
    expect(decide(RUN, { effect: 'inject', client: 'other' }).allow).toBe(false)
  })
})

describe('conditions', () => {
  const at = (text: string, when: number) => decide(text, { effect: 'reveal', ...KEY }, when).allow

  test('validity', () => {
    const text = '[allow a]\neffect = get\nfrom = 2026-02-01\nuntil = 2026-03-01\n'
    expect([Date.UTC(2026, 0, 31), Date.UTC(2026, 1, 1), Date.UTC(2026, 2, 1)].map((when) => at(text, when))).toEqual([
      false,
      true,
      false,
    ])
  })

  test('write-only and generate-only', () => {
    const write = '[allow a]\neffect = set\n'
    const made = '[allow a]\neffect = generate\n'
    expect(decide(write, { effect: 'write', ...KEY }).allow).toBe(true)
    expect(decide(write, { effect: 'write', command: 'generate', ...KEY }).allow).toBe(true)
    for (const effect of ['reveal', 'inject', 'compare', 'destroy'] as const) {
      expect(decide(write, { effect, ...KEY, act: { argv: ['x'] } }).allow).toBe(false)
    }
    expect(decide(made, { effect: 'write', command: 'generate', ...KEY }).allow).toBe(true)
    expect(decide(made, { effect: 'write', command: 'set', ...KEY }).allow).toBe(false)
  })

  test('a purpose that is required must be said, for everything but names', () => {
    const text = '[allow a]\neffect = get\npurpose = required\n'
    expect(decide(text, { effect: 'reveal', ...KEY }).allow).toBe(false)
    expect(decide(text, { effect: 'reveal', ...KEY, act: { purpose: ' ' } }).allow).toBe(false)
    expect(decide(text, { effect: 'reveal', ...KEY, act: { purpose: 'to deploy' } }).allow).toBe(true)
    expect(decide(text, { effect: 'list', ...KEY }).allow).toBe(true)
  })

  test.each([
    ['api.example.com', true],
    ['API.example.com', true],
    ['api.example.com:443', true],
    ['api.example.com:8443', false],
    ['x.wild.org', true],
    ['wild.org', false],
    ['xwild.org', false],
    ['api.example.com.evil.net', false],
  ])('host %s: %p', (host, allowed) => {
    const text = '[allow a]\neffect = run\nhost = api.example.com, *.wild.org\n'
    expect(decide(text, { effect: 'inject', ...KEY, act: { host } }).allow).toBe(allowed)
    expect(decide(text, { effect: 'inject', ...KEY, act: { argv: [host] } }).allow).toBe(false)
  })

  test('files by name', () => {
    const text = '[allow a]\neffect = write-file\nfile = /home/me/*/.env\n'
    const may = (file: string) => decide(text, { effect: 'write-file', ...KEY, act: { file } }).allow
    expect([may('/home/me/app/.env'), may('/home/me/.bashrc'), may('/etc/x/.env')]).toEqual([true, false, false])
  })
})

describe('deny and approve', () => {
  const ALL = '[allow all]\neffect = get, set, delete, run\ncommand = **\n'
  test('what is denied is denied, wherever the rule stands, in every case and below every /', () => {
    const text = `${ALL}[deny prod]\nproject = *prod*\n[deny keys]\nkey = *PRIVATE*\neffect = get\n`
    expect(decide(text, { effect: 'list', project: 'team/PROD/x', key: 'A' }).allow).toBe(false)
    expect(decide(text, { effect: 'reveal', project: 'shop', key: 'my_private_key' }).allow).toBe(false)
    expect(decide(text, { effect: 'write', project: 'shop', key: 'my_private_key' }).allow).toBe(true)
    expect(decide(text, { effect: 'reveal', project: 'shop' }).allow).toBe(true)
  })

  test('a program can be denied', () => {
    const text = `${ALL}[deny rm]\neffect = run\ncommand = rm **\n`
    expect(decide(text, { effect: 'inject', ...KEY, act: { argv: ['rm', '-rf', 'x'] } }).allow).toBe(false)
    expect(decide(text, { effect: 'inject', ...KEY, act: { argv: ['ls'] } }).allow).toBe(true)
  })

  test('the owner is asked for what a rule names, and not for names', () => {
    const text = `${ALL}[approve pay]\nkey = STRIPE_*\n`
    expect(decide(text, { effect: 'reveal', project: 'shop', key: 'stripe_key' }).approve).toBe('pay')
    expect(decide(text, { effect: 'list', project: 'shop', key: 'STRIPE_KEY' }).approve).toBeUndefined()
    expect(decide(text, { effect: 'reveal', ...KEY }).approve).toBeUndefined()
    expect(decide('[approve pay]\nkey = X\n', { effect: 'reveal', project: 'shop', key: 'X' }).allow).toBe(false)
  })

  test('no policy allows what none can', () => {
    for (const effect of ['share', 'admin', 'seal', 'unheard-of' as Effect] as const)
      expect(decide(ALL, { effect }).allow).toBe(false)
  })

  test('the policy of a principal is its own one, not the file', () => {
    const rules = { ...ownRules(policy('[deny all]\n')), mode: 'full', reads: 9, exec: true } as const
    const principal = { kind: 'mcp', client: 'c', version: '', rules } as const
    for (const effect of EFFECTS.filter((one) => one !== 'none'))
      expect(policyFor(principal).decide({ principal, command: '', effect, ...KEY }).allow).toBe(false)
  })
})

describe('whatever the policy', () => {
  let seed = 11
  const next = (below: number): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below
  const one = <T>(of: readonly T[]): T => of[next(of.length)]!
  const maybe = (line: string): string => (next(2) === 0 ? '' : `${line}\n`)
  const rule = (kind: string, index: number): string =>
    `[${kind} r${index}]\neffect = ${one(['list', 'get', 'set', 'delete', 'compare', 'generate'])}\n` +
    maybe(`client = ${one(['a*', 'b', '*'])}`) +
    maybe(`project = ${one(['p', 'q/*', '**', '*prod*'])}`) +
    maybe(`key = ${one(['K*', '*_X', 'A', '*'])}`) +
    maybe(one(['from = 2026-07-01', 'until = 2026-07-01', 'purpose = required']))
  const question = (): Case & { client: string; command: string } => ({
    client: one(['a1', 'b', 'c']),
    command: one(['get', 'generate']),
    effect: one(EFFECTS),
    ...(next(5) > 0 && { project: one(['p', 'q/1', 'q/1/2', 'prod', 'P']) }),
    ...(next(5) > 0 && { key: one(['K1', 'k1', 'A_X', 'A', 'other']) }),
    ...(next(2) > 0 && { act: one<Act>([{}, { purpose: 'x' }, { argv: ['x'] }]) }),
  })

  test('nothing is allowed that no rule allows, nothing that a rule denies, and denying never allows', () => {
    let allowed = 0
    for (let i = 0; i < 4000; i++) {
      const rules = Array.from({ length: next(5) }, (_, index) =>
        rule(one(['allow', 'allow', 'deny', 'approve']), index),
      )
      const [text, asked] = [rules.join('\n'), question()]
      const read = policy(text)
      const decision = decideOwn(read, asked, AT)
      const fits = (verdict: string) =>
        read.rules.filter((r) => r.verdict === verdict && unfit(r, asked, AT) === undefined).length
      if (decision.allow && asked.effect !== 'none') {
        allowed += 1
        expect([fits('allow') > 0, fits('deny')]).toEqual([true, 0])
        if (fits('approve') > 0 && asked.effect !== 'list') expect(decision.approve).toBeDefined()
      }
      const stricter = decideOwn(policy(`${text}\n${rule('deny', 99)}`), asked, AT)
      if (!decision.allow) expect(stricter.allow).toBe(false)
      expect(decideOwn(policy(''), asked, AT).allow).toBe(asked.effect === 'none')
    }
    expect(allowed).toBeGreaterThan(200)
  })
})
