// Colour and symbols. Colour appears only on a terminal, and never when NO_COLOR or TERM=dumb says so; the
// symbols stay, so that a line reads the same with and without colour.
import type { Style } from '../commands/context.ts'
import type { Environment } from '../lib/paths.ts'

/** Whether standard output may be coloured. */
export function wantsColour(environment: Environment, stdoutIsTerminal: boolean): boolean {
  return stdoutIsTerminal && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb'
}

/** `width` in columns. */
export function makeStyle(colour: boolean, width: number): Style {
  const paint = (code: number, off: number, text: string) => (colour ? `\u001b[${code}m${text}\u001b[${off}m` : text)
  return {
    ok: (text) => `${paint(32, 39, '✓')} ${text}`,
    bad: (text) => `${paint(31, 39, '✗')} ${text}`,
    warn: (text) => `${paint(33, 39, '⚠')} ${text}`,
    info: (text) => `${paint(36, 39, 'ℹ')} ${text}`,
    bold: (text) => paint(1, 22, text),
    dim: (text) => paint(2, 22, text),
    width,
  }
}
