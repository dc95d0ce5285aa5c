// Prints a completion script; the shell runs it.
import { SHELLS, completion } from '../faces/completion.ts'
import { define } from './define.ts'

export default define({
  path: 'completion',
  about: 'Print a completion script for your shell',
  detail: 'Completes commands, flags, keys and projects. Keys and projects are names only and need no passphrase.',
  effect: 'none',
  on: ['cli'],
  holdsKeys: false,
  input: {
    shell: { kind: 'choice', at: 0, required: true, choices: SHELLS, about: 'Which shell' },
  },
  examples: [
    { words: 'completion bash', about: 'In ~/.bashrc: source <(tvault completion bash)' },
    { words: 'completion fish', about: 'In config.fish: tvault completion fish | source' },
  ],
  run: (context, { shell }) => completion(shell, context.catalog()),
  human: (script) => script,
  json: (script, { shell }) => ({ shell, script }),
})
