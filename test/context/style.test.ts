// Colour only where it belongs; progress only where somebody looks.
import { expect, test } from 'bun:test'
import { makeStyle, wantsColour } from '../../src/context/style.ts'

test('colour needs a terminal and nobody who objects', () => {
  expect(wantsColour({ TERM: 'xterm' }, true)).toBeTrue()
  expect(wantsColour({ TERM: 'xterm' }, false)).toBeFalse()
  expect(wantsColour({ TERM: 'xterm', NO_COLOR: '1' }, true)).toBeFalse()
  expect(wantsColour({ TERM: 'xterm', NO_COLOR: '' }, true)).toBeTrue()
  expect(wantsColour({ TERM: 'dumb' }, true)).toBeFalse()
})

test('the words are the same with and without', () => {
  const [plain, coloured] = [makeStyle(false, 80), makeStyle(true, 80)]
  for (const kind of ['ok', 'bad', 'warn', 'info', 'bold', 'dim'] as const) {
    expect(plain[kind]('x')).not.toContain('\u001b')
    expect(coloured[kind]('x')).toContain('\u001b')
    expect(Bun.stripANSI(coloured[kind]('x'))).toBe(plain[kind]('x'))
  }
})

test('progress stays off a pipe and away from what is quick', () => {
  const program = (onTerminal: boolean, milliseconds: number) => `
    import { startProgress } from '${import.meta.dir}/../../src/context/progress.ts'
    const show = startProgress('checking', ${onTerminal})
    const end = performance.now() + ${milliseconds}
    for (let i = 0; performance.now() < end; i++) show(i, 1e12)
    show(5, 5)`
  const shown = (onTerminal: boolean, milliseconds: number) =>
    Bun.spawnSync([process.execPath, '-e', program(onTerminal, milliseconds)]).stderr.toString()
  expect(shown(true, 100)).toBe('')
  expect(shown(false, 700)).toBe('')
  const text = shown(true, 900)
  expect(text).toContain('checking ')
  expect(text).toEndWith('\r\u001b[K')
  expect(text.split('checking').length).toBeLessThan(8)
})
