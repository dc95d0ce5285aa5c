// The tables as functions that bash and zsh both understand: each sets REPLY, or prints candidates one a line with a
// tab before what they do.
import type { Description } from '../description.ts'
import { merge, tables } from './tables.ts'
import type { Candidate, Row } from './tables.ts'

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** A pattern of `case`: everything literal but a final `*`. */
const pattern = (words: string): string => (words.endsWith('*') ? `${quote(words.slice(0, -1))}*` : quote(words))

function cases<Answer>(rows: readonly Row<Answer>[], act: (answer: Answer) => string): string {
  return merge(rows, act)
    .map(({ patterns, body }) => `    ${patterns.map(pattern).join('|')}) ${body} ;;\n`)
    .join('')
}

const say = (candidates: readonly Candidate[]): string =>
  candidates.length === 0
    ? ':'
    : `printf '%s\\t%s\\n' \\\n${candidates.map(({ word, about }) => `      ${quote(word)} ${quote(about)}`).join(' \\\n')}`

const answer = (text: string): string => `REPLY=${quote(text)}`

/** The functions `_tvault_command`, `_tvault_next`, `_tvault_flags`, `_tvault_value`, `_tvault_place`, `_tvault_rest`. */
export function functions(descriptions: readonly Description[]): string {
  const { commands, next, flags, values, globalValues, places, rest } = tables(descriptions)
  return `# The command that words name, or the words themselves where they only begin one.
_tvault_command() {
  case "$1" in
${cases(commands, answer)}    *) return 1 ;;
  esac
}

# Words that may follow.
_tvault_next() {
  case "$1" in
${cases(next, say)}  esac
}

# Flags of a command.
_tvault_flags() {
  case "$1" in
${cases(flags, say)}  esac
}

# What the value of a flag is; fails for flags that take none.
_tvault_value() {
  case "$1 $2" in
${cases(values, answer)}    *) case "$2" in
${cases(globalValues, answer).replaceAll('    ', '      ')}      *) return 1 ;;
    esac ;;
  esac
}

# What an argument is, by its number from 0.
_tvault_place() {
  REPLY=nothing
  case "$1 $2" in
${cases(places, answer)}  esac
}

# Whether everything behind so many arguments of a command belongs to another program.
_tvault_rest() {
  case "$1 $2" in
${cases(
  rest.map((path) => ({ patterns: [path], answer: '' })),
  () => 'return 0',
)}  esac
  return 1
}
`
}

/**
 * Reads the words before the cursor from the array \`before\` into: \`meant\` (the command), \`places\` (how many arguments
 * it has so far), \`flag\` (whose value comes next, or empty), \`ended\` (flags are over), \`scope\` (vault and project).
 */
export const WALK = `  local meant= flag= ended= word REPLY=
  local -i places=0
  local -a scope
  scope=()
  for word in "\${before[@]}"; do
    if [[ -n $flag ]]; then
      case "$flag" in --vault|--project|-p) scope+=("$flag" "\${word/#\\~\\//$HOME/}") ;; esac
      flag=
    elif [[ -n $ended ]]; then places+=1
    else
      case "$word" in
        --) ended=1 ;;
        --vault=*|--project=*) scope+=("$word") ;;
        -*) _tvault_value "$meant" "$word" && flag=$word ;;
        *)
          if (( places == 0 )) && _tvault_command "\${meant:+$meant }$word"; then meant=$REPLY
          else
            places+=1
            _tvault_rest "$meant" "$places" && ended=1
          fi ;;
      esac
    fi
  done
`
