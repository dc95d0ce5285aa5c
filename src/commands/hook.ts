// Prints the function `tvault_load` for a shell, or `use tvault` for direnv. Needs no vault.
import { HOOK, HOOKS, autoHook } from '../faces/hook.ts'
import { Failure } from '../lib/errors.ts'
import { define } from './define.ts'

export default define({
  path: 'hook',
  about: 'Print a shell function that loads secrets when you call it',
  detail:
    'tvault_load loads the current project into the running shell, tvault_load NAME another one. It asks for the ' +
    'passphrase as tvault env does. Nothing is loaded without the call, unless --auto: then also on entering a directory ' +
    'that tvault hook allow has allowed, and unloaded on leaving it.',
  effect: 'none',
  on: ['cli'],
  holdsKeys: false,
  input: {
    shell: { kind: 'choice', at: 0, required: true, choices: HOOKS, about: 'Which shell, or direnv' },
    auto: { kind: 'flag', about: 'Also load by itself in directories that were allowed' },
  },
  examples: [
    { words: 'hook bash', about: 'In ~/.bashrc: eval "$(tvault hook bash)"; then: tvault_load' },
    { words: 'hook zsh --auto', about: 'Also in directories that tvault hook allow has allowed' },
    { words: 'hook direnv', about: 'In .envrc: use tvault' },
  ],
  run(_context, { shell, auto }) {
    const { script, where } = HOOK[shell]
    if (!auto) return { script, where }
    const more = autoHook(shell)
    if (more !== undefined)
      return { script: `${script}${more}`, where: where.replace(`hook ${shell}`, `hook ${shell} --auto`) }
    throw new Failure('usage', 'direnv loads by itself already', { hint: 'tvault hook direnv' })
  },
  human: ({ script, where }, _style, { shell }) => ({
    out: `# tvault hook for ${shell}\n${script}`,
    note: `# ${where}${where.includes('.envrc') ? '' : '; then: tvault_load [project]'}`,
  }),
  json: ({ script, where }, { shell }) => ({ shell, script, where }),
})
