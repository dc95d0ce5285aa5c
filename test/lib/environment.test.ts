import { expect, test } from 'bun:test'
import { hostileVariables, refuseHostile } from '../../src/lib/environment.ts'
import { Failure } from '../../src/lib/errors.ts'

test.each([
  ['BUN_OPTIONS', '--preload ./x.js'],
  ['BUN_INSPECT', 'ws://127.0.0.1:1/x'],
  ['BUN_INSPECT_PRELOAD', './x.js'],
  ['BUN_BE_BUN', '1'],
  ['BUN_JSC_dumpOptions', '1'],
  ['NODE_OPTIONS', '--require ./x.js'],
  ['NODE_OPTIONS', '--max-old-space-size=4096 --import=./x.js'],
  ['NODE_OPTIONS', '--inspect'],
  ['LD_PRELOAD', 'x.so'],
  ['LD_AUDIT', 'x.so'],
  ['LD_LIBRARY_PATH', ':/opt/lib'],
  ['LD_LIBRARY_PATH', '/opt/lib:'],
  ['LD_LIBRARY_PATH', 'lib'],
  ['LD_LIBRARY_PATH', '/opt/lib;./lib'],
  ['DYLD_INSERT_LIBRARIES', 'x.dylib'],
  ['DYLD_LIBRARY_PATH', '/x'],
  ['DYLD_FALLBACK_LIBRARY_PATH', '/x'],
])('%s=%s is hostile', (name, value) => {
  expect(hostileVariables({ PATH: '/bin', [name]: value })).toEqual([name])
})

test.each([
  ['LD_LIBRARY_PATH', '/opt/lib:/usr/local/lib'],
  ['LD_LIBRARY_PATH', ''],
  ['LD_PRELOAD', ''],
  ['BUN_INSTALL', '/home/me/.bun'],
  ['NODE_ENV', 'production'],
  ['NODE_OPTIONS', '--max-old-space-size=4096 --no-warnings'],
  ['NODE_OPTIONS', ' '],
])('%s=%s is not', (name, value) => {
  expect(hostileVariables({ [name]: value })).toEqual([])
})

test('the refusal names every variable, never its value, and says what to type', () => {
  try {
    refuseHostile({ LD_PRELOAD: 'hunter2.so', BUN_OPTIONS: 'hunter2' }, 'key rotate')
  } catch (error) {
    expect(error).toBeInstanceOf(Failure)
    const { kind, message, hint } = error as Failure
    expect(kind).toBe('denied')
    expect(message).toStartWith('BUN_OPTIONS, LD_PRELOAD ')
    expect(hint).toBe('env -u BUN_OPTIONS -u LD_PRELOAD tvault key rotate')
    expect(`${message}${hint}`).not.toContain('hunter2')
    return
  }
  throw new Error('accepted')
})
