// Prints the function `tvault_load` for a shell, or `use tvault` for direnv. Needs no vault.
import { HOOK, HOOKS } from '../faces/hook.ts'
import { define } from './define.ts'

export default define({
  path: 'hook',
  about: 'Print a shell function that loads secrets when you call it',
  detail:
    'tvault_load loads the current project into the running shell, tvault_load NAME another one. It asks for the ' +
    'passphrase as tvault env does. Nothing is loaded without the call.',
  effect: 'none',
  on: ['cli'],
  holdsKeys: false,
  input: {
    shell: { kind: 'choice', at: 0, required: true, choices: HOOKS, about: 'Which shell, or direnv' },
  },
  examples: [
    { words: 'hook bash', about: 'In ~/.bashrc: eval "$(tvault hook bash)"; then: tvault_load' },
    { words: 'hook direnv', about: 'In .envrc: use tvault' },
  ],
  run: (_context, { shell }) => HOOK[shell],
  human: ({ script, where }, _style, { shell }) => ({
    out: `# tvault hook for ${shell}\n${script}`,
    note: `# ${where}${where.includes('.envrc') ? '' : '; then: tvault_load [project]'}`,
  }),
  json: ({ script, where }, { shell }) => ({ shell, script, where }),
})
