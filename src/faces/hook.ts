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

// Variables that were there before are kept beside, so that leaving a directory puts them back. Names of secrets are
// identifiers, so nothing of them can be more than a name to `eval`; values never are part of what is evaluated here.
const POSIX_AUTO = [
  '_tvault_set() {',
  '  eval "_TVAULT_HAD_$1=\\${$1+x} _TVAULT_OLD_$1=\\${$1-}"',
  '  export "$1=$2"',
  '  _TVAULT_NAMES="${_TVAULT_NAMES-} $1"',
  '}',
  '_tvault_unload() {',
  '  eval "set -- ${_TVAULT_NAMES-}"',
  '  local name',
  '  for name in "$@"; do',
  '    if eval "[ -n \\"\\$_TVAULT_HAD_$name\\" ]"; then eval "export $name=\\"\\$_TVAULT_OLD_$name\\""; else unset "$name"; fi',
  '    unset "_TVAULT_HAD_$name" "_TVAULT_OLD_$name"',
  '  done',
  '  _TVAULT_NAMES=',
  '}',
  '_tvault_auto() {',
  '  local code=$? lines',
  '  if [ "$PWD" != "${_TVAULT_AT-}" ]; then',
  '    _TVAULT_AT=$PWD',
  '    lines="$(command tvault hook load SHELL --loaded "${_TVAULT_LOADED-}")" && eval "$lines"',
  '  fi',
  '  return $code',
  '}',
]

const BASH_PROMPT = [
  'case ";${PROMPT_COMMAND-};" in',
  '  *";_tvault_auto;"*) ;;',
  '  *) PROMPT_COMMAND="_tvault_auto${PROMPT_COMMAND:+;$PROMPT_COMMAND}" ;;',
  'esac',
]

const FISH_AUTO = [
  'function _tvault_save',
  '    set -q $argv[1]; and set -g _TVAULT_OLD_$argv[1] $$argv[1]',
  '    set -ga _TVAULT_NAMES $argv[1]',
  'end',
  'function _tvault_unload',
  '    for name in $_TVAULT_NAMES',
  '        set -l old _TVAULT_OLD_$name',
  '        if set -q $old',
  '            set -gx $name $$old',
  '        else',
  '            set -e $name',
  '        end',
  '        set -e $old',
  '    end',
  '    set -e _TVAULT_NAMES',
  'end',
  'function _tvault_auto --on-event fish_prompt',
  '    test "$PWD" = "$_TVAULT_AT"; and return',
  '    set -g _TVAULT_AT $PWD',
  '    set -l lines (command tvault hook load fish --loaded "$_TVAULT_LOADED")',
  "    and printf '%s\\n' $lines | source",
  'end',
]

const lines = (...parts: readonly (readonly string[])[]): string => `${parts.flat().join('\n')}\n`

const AUTO: Readonly<Partial<Record<Hook, string>>> = {
  bash: lines(POSIX_AUTO, BASH_PROMPT).replace('SHELL', 'bash'),
  zsh: lines(POSIX_AUTO, ['autoload -Uz add-zsh-hook && add-zsh-hook precmd _tvault_auto']).replace('SHELL', 'zsh'),
  fish: lines(FISH_AUTO),
}

/** What makes the shell load by itself in directories that were allowed; undefined where that is somebody else's work. */
export function autoHook(hook: Hook): string | undefined {
  return AUTO[hook]
}

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
