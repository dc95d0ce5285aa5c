// Functions for the start-up file of a shell. They load a project when they are called, never by themselves. Lines
// are evaluated only when tvault said that all is well: it prints all of them or none.

export const HOOKS = ['bash', 'zsh', 'fish', 'direnv'] as const
export type Hook = (typeof HOOKS)[number]

// `${1:+--project="$1"}` is one word in bash and zsh, whatever the name of the project is.
const LOAD = `  local tvault_lines
  tvault_lines="$(command tvault env --format shell \${1:+--project="$1"})" || return
  eval "$tvault_lines"
`

const FISH = `function tvault_load --description 'Load the secrets of a project into this shell'
    set -l project
    test (count $argv) -gt 0; and set project "--project=$argv[1]"
    set -l tvault_lines (command tvault env --format fish $project)
    or return
    printf '%s\\n' $tvault_lines | source
end
`

/** The text for the start-up file, and where it goes. */
export const HOOK: Readonly<Record<Hook, { script: string; where: string }>> = {
  bash: { script: `tvault_load() {\n${LOAD}}\n`, where: 'in ~/.bashrc: eval "$(tvault hook bash)"' },
  zsh: { script: `tvault_load() {\n${LOAD}}\n`, where: 'in ~/.zshrc: eval "$(tvault hook zsh)"' },
  fish: { script: FISH, where: 'in config.fish: tvault hook fish | source' },
  direnv: {
    script: `use_tvault() {\n${LOAD}}\n`,
    where: 'once: tvault hook direnv >> ~/.config/direnv/direnvrc; then in .envrc: use tvault [project]',
  },
}
