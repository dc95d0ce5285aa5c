// Where the log of the agent is, and its newest lines.
import { printable } from '../../lib/names.ts'
import { toSize } from '../../lib/quantities.ts'
import { define } from '../define.ts'

export default define({
  path: 'agent logs',
  about: 'Show the log of the agent',
  effect: 'none',
  on: ['cli'],
  holdsKeys: false,
  input: {
    lines: {
      kind: 'count',
      short: 'n',
      min: 0,
      max: 100_000,
      placeholder: 'n',
      fallback: '0',
      about: 'Also its newest lines',
    },
    'log-dir': { kind: 'text', placeholder: 'dir', complete: 'directory', about: 'Directory of the log' },
    clear: { kind: 'flag', about: 'Empty it' },
  },
  examples: [
    { words: 'agent logs', about: 'Path and size' },
    { words: 'agent logs -n 20', about: 'The newest lines' },
  ],
  async run(context, { lines = 0, clear, 'log-dir': directory }) {
    return (await context.agent()).log({ directory, lines, clear })
  },
  human({ path, exists, size_bytes, lines }, style) {
    const size = exists ? toSize(size_bytes) : 'there is none'
    const newest = lines.map((line) => `${printable(line)}\n`).join('')
    return `${style.bold('Path:')} ${printable(path)}\n${style.bold('Size:')} ${size}\n${newest}`
  },
})
