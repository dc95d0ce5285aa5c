// Completion scripts for bash, zsh and fish. Commands and flags are written into the script; keys and projects are
// asked of `tvault list` and `tvault projects list`, which need no passphrase.
import type { Description } from './description.ts'
import { flags, positionals } from './command-help.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

const GLOBALS = ['--json', '--project', '--vault', '--verbose', '--help']

/** The completion script of `shell` for these commands. */
export function completion(shell: Shell, descriptions: readonly Description[]): string {
  return { bash, zsh, fish }[shell](descriptions)
}

/** One line per command and alias: words, tab, kind of its first argument, tab, flags. Read by the bash and zsh scripts. */
function tableLines(descriptions: readonly Description[]): string {
  return descriptions
    .flatMap((description) =>
      [description.path, ...description.aliases].map((path) => {
        const names = flags(description).map(({ name }) => `--${name}`)
        const [first] = positionals(description)
        return `${path}\t${first?.complete ?? (first?.kind === 'rest' ? 'command' : 'none')}\t${[...names, ...GLOBALS].join(' ')}`
      }),
    )
    .join('\n')
}

function choiceCases(descriptions: readonly Description[]): string {
  const choices = new Map<string, Set<string>>()
  for (const field of descriptions.flatMap((description) => flags(description))) {
    if (field.choices === undefined) continue
    const known = choices.get(field.name) ?? new Set()
    choices.set(field.name, new Set([...known, ...field.choices]))
  }
  return [...choices]
    .map(
      ([name, values]) =>
        `    --${name}) COMPREPLY=($(compgen -W '${[...values].join(' ')}' -- "$current")); return ;;\n`,
    )
    .join('')
}

function bash(descriptions: readonly Description[]): string {
  return `# bash completion for tvault; load it with: source <(tvault completion bash)
_tvault_table() { cat <<'TABLE'
${tableLines(descriptions)}
TABLE
}
_tvault_keys() { tvault list --names-only 2>/dev/null; }
_tvault_projects() { tvault projects list --names-only 2>/dev/null; }
_tvault() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" IFS=$' \\t\\n'
  COMPREPLY=()
  case "$previous" in
    -p|--project) local IFS=$'\\n'; COMPREPLY=($(compgen -W "$(_tvault_projects)" -- "$current")); return ;;
    --only|--key) COMPREPLY=($(compgen -W "$(_tvault_keys)" -- "$current")); return ;;
    --vault) COMPREPLY=($(compgen -d -- "$current")); return ;;
${choiceCases(descriptions)}  esac
  local words="" word place path kind flags best="" best_kind="" best_flags=""
  for ((place = 1; place < COMP_CWORD; place++)); do
    word="\${COMP_WORDS[place]}"
    [[ "$word" == -* ]] || words+="\${words:+ }$word"
  done
  while IFS=$'\\t' read -r path kind flags; do
    if [[ "$words" == "$path" || "$words" == "$path "* ]] && (( \${#path} > \${#best} )); then
      best="$path" best_kind="$kind" best_flags="$flags"
    fi
  done < <(_tvault_table)
  if [[ "$current" == -* ]]; then
    COMPREPLY=($(compgen -W "\${best_flags:-${GLOBALS.join(' ')}}" -- "$current"))
    return
  fi
  local next="" tail
  while IFS=$'\\t' read -r path kind flags; do
    if [[ -z "$words" ]]; then next+="\${path%% *} "
    elif [[ "$path" == "$words "* ]]; then tail="\${path#"$words "}"; next+="\${tail%% *} "
    fi
  done < <(_tvault_table)
  case "$best_kind" in
    key) next+="$(_tvault_keys) " ;;
    project) next+="$(_tvault_projects) " ;;
    command) COMPREPLY=($(compgen -c -- "$current")); return ;;
    file) COMPREPLY=($(compgen -f -- "$current")); return ;;
    directory) COMPREPLY=($(compgen -d -- "$current")); return ;;
  esac
  COMPREPLY=($(compgen -W "$next" -- "$current" | sort -u))
}
complete -o default -F _tvault tvault
`
}

/** zsh runs the bash function through its own bridge, so the two can never differ. */
function zsh(descriptions: readonly Description[]): string {
  return `#compdef tvault
# zsh completion for tvault; load it with: source <(tvault completion zsh)
autoload -U +X compinit && compinit -u
autoload -U +X bashcompinit && bashcompinit
${bash(descriptions).replace('# bash completion for tvault; load it with: source <(tvault completion bash)\n', '')}`
}

const quoteFish = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

function fish(descriptions: readonly Description[]): string {
  const lines = [
    '# fish completion for tvault; load it with: tvault completion fish | source',
    'function __tvault_at',
    '    set -l typed (commandline -opc)[2..-1]',
    '    set -l words (string match -v -- "-*" $typed)',
    '    test "$words" = "$argv"',
    'end',
    'function __tvault_in',
    '    set -l typed (commandline -opc)[2..-1]',
    '    set -l words (string match -v -- "-*" $typed)',
    '    string match -q -- "$argv*" "$words"',
    'end',
    'complete -c tvault -f',
    "complete -c tvault -s p -l project -x -a '(tvault projects list --names-only 2>/dev/null)' -d Project",
    "complete -c tvault -l vault -x -a '(__fish_complete_directories)' -d 'Directory of the vault'",
    "complete -c tvault -l json -d 'Print JSON'",
    "complete -c tvault -s h -l help -d 'Show help'",
  ]
  for (const description of descriptions) {
    for (const path of [description.path, ...description.aliases]) {
      const words = path.split(' ')
      const parent = words.slice(0, -1).join(' ')
      const about = words.length > 1 && path !== description.path ? `Same as ${description.path}` : description.about
      lines.push(
        `complete -c tvault -n ${quoteFish(`__tvault_at ${parent}`.trim())} -a ${quoteFish(words.at(-1) ?? '')} -d ${quoteFish(about)}`,
      )
      if (words.length > 1) lines.push(`complete -c tvault -n __tvault_at -a ${quoteFish(words[0] ?? '')}`)
      const inside = quoteFish(`__tvault_in ${path}`)
      const [first] = positionals(description)
      if (first?.complete === 'key')
        lines.push(`complete -c tvault -n ${inside} -a '(tvault list --names-only 2>/dev/null)'`)
      if (first?.complete === 'project')
        lines.push(`complete -c tvault -n ${inside} -a '(tvault projects list --names-only 2>/dev/null)'`)
      if (first?.complete === 'file') lines.push(`complete -c tvault -n ${inside} -F`)
    }
    for (const field of flags(description)) {
      const value = field.kind === 'flag' ? '' : field.choices ? ` -x -a ${quoteFish(field.choices.join(' '))}` : ' -r'
      const short = field.short === undefined ? '' : ` -s ${field.short}`
      lines.push(
        `complete -c tvault -n ${quoteFish(`__tvault_in ${description.path}`)}${short} -l ${field.name}${value} -d ${quoteFish(field.about)}`,
      )
    }
  }
  return `${[...new Set(lines)].join('\n')}\n`
}
