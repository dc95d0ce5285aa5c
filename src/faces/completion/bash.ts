// The bash script. Names of projects may hold anything: they are never handed to `compgen -W`, which would expand them.
import type { Description } from '../description.ts'
import { WALK, functions } from './posix.ts'

/** The script that \`tvault completion bash\` prints. */
export function bash(descriptions: readonly Description[]): string {
  return `# bash completion for tvault; load it with: source <(tvault completion bash)

${functions(descriptions)}
# Lines of standard input that begin with what was typed, quoted for the line; what they do is left out.
_tvault_add() {
  local name typed="$1"
  typed="\${typed#[\\"\\']}" typed="\${typed//\\\\/}"
  while IFS= read -r name; do
    name="\${name%%$'\\t'*}"
    [[ "$name" == "$typed"* ]] || continue
    [[ "$1" == [\\"\\']* ]] || printf -v name %q "$name"
    COMPREPLY+=("$name")
  done
}

_tvault_offer() {
  local what="$1" current="$2"
  case "$what" in
    key) _tvault_add "$current" < <("$program" "\${scope[@]}" list --names-only 2>/dev/null </dev/null) ;;
    project) _tvault_add "$current" < <("$program" "\${scope[@]}" projects list --names-only 2>/dev/null </dev/null) ;;
    file) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    directory) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
    command) mapfile -t COMPREPLY < <(compgen -c -- "$current") ;;
    choice\\ *) _tvault_add "$current" < <(printf '%s\\n' \${what#choice }) ;;
  esac
}

_tvault() {
  local program="$1" current="\${COMP_WORDS[COMP_CWORD]}" at
  local -a before
  before=()
  COMPREPLY=()
  # readline takes --flag=value apart; here both forms are a flag and its value.
  for ((at = 1; at < COMP_CWORD; at++)); do
    [[ "\${COMP_WORDS[at]}" == = ]] || before+=("\${COMP_WORDS[at]}")
  done
  [[ "$current" == = ]] && current=
${WALK}  if [[ -n $flag ]]; then
    _tvault_value "$meant" "$flag"
    _tvault_offer "$REPLY" "$current"
  elif [[ -z $ended && "$current" == -* ]]; then
    _tvault_add "$current" < <(_tvault_flags "$meant")
  else
    (( places == 0 )) && [[ -z $ended ]] && _tvault_add "$current" < <(_tvault_next "$meant")
    _tvault_place "$meant" "$places"
    _tvault_offer "$REPLY" "$current"
  fi
}
complete -F _tvault tvault
`
}
