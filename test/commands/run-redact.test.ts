// `run --redact` as a command: what it hands over, and how it ends.
import { expect, test } from 'bun:test'
import run from '../../src/commands/run.ts'
import { utf8 } from '../../src/lib/bytes.ts'
import { Secret } from '../../src/lib/secret.ts'
import { room } from './room.ts'

async function filled() {
  const here = room()
  const view = here.vault.view({
    principal: { kind: 'owner', interactive: true },
    command: 'test',
    effect: 'write',
    policy: { decide: () => ({ allow: true, rule: 'test' }) },
  })
  for (const key of ['A', 'B']) view.write('default', key, new Secret(utf8(`value-${key}`)))
  return here
}

test('the program runs beside us, and its code is ours', async () => {
  const here = await filled()
  const { exit, out, json } = await here.call(run, { redact: true, only: ['A'], command: ['env', '-0'] })
  expect([exit, out, json]).toEqual([7, '', null])
  expect(here.played.launched).toEqual({
    command: ['env', '-0'],
    inject: { A: 'value-A' },
    clean: false,
    redacted: { strict: false },
  })
})

test('--strict and --clean are passed on', async () => {
  const here = await filled()
  await here.call(run, { redact: true, strict: true, clean: true, command: ['env'] })
  expect(here.played.launched).toMatchObject({ clean: true, redacted: { strict: true } })
})

test('without it the program takes our place', async () => {
  const here = await filled()
  await here.call(run, { command: ['env'] })
  expect(here.played.launched?.redacted).toBeUndefined()
})
