// The bash script. Names of projects may hold anything: they are never handed to `compgen -W`, which would expand them.
import type { Description } from '../description.ts'
import { WALK, functions } from './posix.ts'

/** The script that `tvault completion bash` prints. */
export function bash(descriptions: readonly Description[]): string {
  return `# bash completion for tvault; load it with: source <(tvault completion bash)

${functions(descriptions)}
# The text that a word of the line stands for: without its quotes and backslashes, nothing expanded.
_tvault_plain() {
  local text="$1" quote= char
  REPLY=
  while [[ -n $text ]]; do
    char="\${text:0:1}" text="\${text:1}"
    if [[ $quote == "'" && $char != "'" ]]; then REPLY+="$char"
    elif [[ -z $quote && $char == [\\'\\"] ]]; then quote="$char"
    elif [[ -n $quote && $char == "$quote" ]]; then quote=
    elif [[ $char == \\\\ && ( -z $quote || $text == [\\$\\\`\\"\\\\]* ) ]]; then
      REPLY+="\${text:0:1}" text="\${text:1}"
    else REPLY+="$char"
    fi
  done
}

# Lines of standard input that begin with what was typed, quoted for the line and without what readline keeps of it;
# what they do is left out. Inside of double quotes nothing hides a ! from the history of the shell.
_tvault_add() {
  local name typed skip char quoted REPLY
  _tvault_plain "$1"; typed="$REPLY"
  _tvault_plain "$kept"; skip=\${#REPLY}
  while IFS= read -r name; do
    name="\${name%%$'\\t'*}"
    [[ "$name" == "$typed"* ]] || continue
    name="\${name:skip}" quoted=
    case "$1" in
      \\"*) [[ $name == *!* ]] && continue ;;
      \\'*) ;;
      *) [[ -z $name ]] || printf -v name %q "$name"
        COMPREPLY+=("$name")
        continue ;;
    esac
    while [[ -n $name ]]; do
      char="\${name:0:1}" name="\${name:1}"
      if [[ $1 == \\'* && $char == \\' ]]; then quoted+="'\\\\''"
      elif [[ $1 == \\"* && $char == [\\$\\\`\\"\\\\] ]]; then quoted+="\\\\$char"
      else quoted+="$char"
      fi
    done
    # readline closes the quote itself, but not behind a character that looks like the closing one.
    [[ $quoted != *"\${1:0:1}" ]] || quoted+="\${1:0:1}"
    COMPREPLY+=("$quoted")
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

# Reads the line into the array \`before\` and into \`current\`. readline also cuts words at the characters of
# COMP_WORDBREAKS; here they are whole again. \`kept\` is the part of \`current\` that readline does not replace.
_tvault_line() {
  local rest="$COMP_LINE" piece apart
  local -i at last=-1
  local -a whole
  for ((at = 0; at <= COMP_CWORD; at++)); do
    piece="\${COMP_WORDS[at]}" apart=
    while [[ $rest == [[:space:]]* ]]; do rest="\${rest:1}" apart=1; done
    rest="\${rest#"$piece"}"
    if (( last < 0 )) || [[ -n $apart ]]; then whole[++last]="$piece"
    else whole[last]+="$piece"
    fi
  done
  current="\${whole[last]}"
  [[ $piece == *[!:=]* ]] || piece=
  kept="\${current%"$piece"}"
  # A break at @ is a part of what it replaces.
  kept="\${kept%@}"
  for ((at = 1; at < last; at++)); do
    _tvault_plain "\${whole[at]}"
    before+=("$REPLY")
  done
}

_tvault() {
  local program="$1" current kept REPLY
  local -a before
  before=()
  COMPREPLY=()
  _tvault_line
${WALK}  if [[ -z $flag && -z $ended && "$current" == --*=* ]]; then
    flag="\${current%%=*}"
    _tvault_value "$meant" "$flag" || return
    current="\${current#*=}" kept="\${kept#"$flag="}"
    _tvault_offer "$REPLY" "$current"
  elif [[ -n $flag ]]; then
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
