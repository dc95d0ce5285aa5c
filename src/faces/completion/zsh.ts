// The zsh script. It works as a file \`_tvault\` in fpath and when it is sourced.
import type { Description } from '../description.ts'
import { WALK, functions } from './posix.ts'

/** The script that \`tvault completion zsh\` prints. */
export function zsh(descriptions: readonly Description[]): string {
  return `#compdef tvault
# zsh completion for tvault; load it with: source <(tvault completion zsh)

${functions(descriptions)}
# Lines of words with a tab before what they do.
_tvault_describe() {
  local -a lines shown
  lines=("\${(@f)2}")
  (( \${#2} )) || return 1
  shown=("\${(@)\${(@)lines//:/\\\\:}//$'\\t'/:}")
  _describe -t "$1" "$1" shown
}

_tvault_offer() {
  local what="$1"
  local -a names
  case "$what" in
    key) names=("\${(@f)$("$program" "\${scope[@]}" list --names-only 2>/dev/null </dev/null)}") ;;
    project) names=("\${(@f)$("$program" "\${scope[@]}" projects list --names-only 2>/dev/null </dev/null)}") ;;
    file) _files ;;
    directory) _files -/ ;;
    command) _command_names -e ;;
    choice\\ *) names=(\${(s: :)what#choice }) ;;
  esac
  names=("\${(@)names:#}")
  (( \${#names} )) && compadd -- "\${names[@]}"
}

_tvault() {
  local program="$words[1]"
  local -a before
  before=("\${(@Q)words[2,CURRENT-1]}")
${WALK}  if [[ -z $flag && -z $ended && "$PREFIX" == --*=* ]]; then
    flag="\${PREFIX%%=*}"
    compset -P '*='
    _tvault_value "$meant" "$flag" || return 1
  elif [[ -n $flag ]]; then
    _tvault_value "$meant" "$flag"
  elif [[ -z $ended && "$PREFIX" == -* ]]; then
    _tvault_describe flags "$(_tvault_flags "$meant")"
    return
  else
    (( places == 0 )) && [[ -z $ended ]] && _tvault_describe commands "$(_tvault_next "$meant")"
    _tvault_place "$meant" "$places"
  fi
  _tvault_offer "$REPLY"
}

if [[ "\${funcstack[1]}" == _tvault ]]; then
  _tvault "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
  compdef _tvault tvault
fi
`
}
