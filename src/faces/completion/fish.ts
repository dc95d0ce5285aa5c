// The fish script: one function prints the candidates for the place of the cursor, each with a tab before what it does.
import type { Description } from '../description.ts'
import { merge, tables } from './tables.ts'
import type { Candidate, Row } from './tables.ts'

const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

function cases<Answer>(rows: readonly Row<Answer>[], act: (answer: Answer) => string): string {
  return merge(rows, act)
    .map(({ patterns, body }) => `        case ${patterns.map(quote).join(' ')}\n${body}\n`)
    .join('')
}

const say = (candidates: readonly Candidate[]): string =>
  `            printf '%s\\t%s\\n' ${candidates.map(({ word, about }) => `${quote(word)} ${quote(about)}`).join(' \\\n                ')}`

const answer = (text: string): string => `            echo ${quote(text)}`

/** The script that \`tvault completion fish\` prints. */
export function fish(descriptions: readonly Description[]): string {
  const { commands, next, flags, values, globalValues, places, rest } = tables(descriptions)
  const anywhere = globalValues.map(({ patterns, answer: what }) => ({
    patterns: patterns.map((flag) => `* ${flag}`),
    answer: what,
  }))
  return `# fish completion for tvault; load it with: tvault completion fish | source

# The command that words name, or the words themselves where they only begin one.
function __tvault_command
    switch "$argv"
${cases(commands, answer)}    end
end

# Words that may follow.
function __tvault_next
    switch "$argv"
${cases(next, say)}    end
end

# Flags of a command.
function __tvault_flags
    switch "$argv"
${cases(flags, say)}    end
end

# What the value of a flag is; nothing is printed for flags that take none.
function __tvault_value
    switch "$argv[1] $argv[2]"
${cases([...values, ...anywhere], answer)}    end
end

# What an argument is, by its number from 0.
function __tvault_place
    switch "$argv[1] $argv[2]"
${cases(places, answer)}    end
end

function __tvault_offer -a what current program
    set -l scope $argv[4..-1]
    switch "$what"
        case key
            $program $scope list --names-only 2>/dev/null </dev/null
        case project
            $program $scope projects list --names-only 2>/dev/null </dev/null
        case file
            __fish_complete_path "$current"
        case directory
            __fish_complete_directories "$current"
        case command
            complete -C "$current"
        case 'choice *'
            string split ' ' (string replace 'choice ' '' -- "$what")
    end
end

function __tvault_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    set -l program $before[1]
    set -l meant ''
    set -l flag ''
    set -l ended ''
    set -l places 0
    set -l scope
    for word in $before[2..-1]
        if test -n "$flag"
            contains -- $flag --vault --project -p; and set -a scope $flag $word
            set flag ''
        else if test -n "$ended"
            set places (math $places + 1)
        else if test "$word" = --
            set ended 1
        else if string match -qr -- '^--(vault|project)=' $word
            set -a scope $word
        else if string match -q -- '-*' $word
            test -n "$(__tvault_value "$meant" $word)"; and set flag $word
        else
            set -l found ''
            test $places -eq 0; and set found (__tvault_command (string trim -- "$meant $word"))
            if test -n "$found"
                set meant $found
            else
                set places (math $places + 1)
                contains -- "$meant $places" ${rest.map(quote).join(' ') || "''"}; and set ended 1
            end
        end
    end
    if test -n "$flag"
        __tvault_offer "$(__tvault_value "$meant" $flag)" "$current" $program $scope
    else if test -z "$ended"; and string match -qr -- '^--[^=]+=' $current
        set -l parts (string split -m 1 = -- $current)
        for line in (__tvault_offer "$(__tvault_value "$meant" $parts[1])" "$parts[2]" $program $scope)
            echo "$parts[1]=$line"
        end
    else if test -z "$ended"; and string match -q -- '-*' $current
        __tvault_flags "$meant"
    else
        test $places -eq 0; and test -z "$ended"; and __tvault_next "$meant"
        __tvault_offer "$(__tvault_place "$meant" $places)" "$current" $program $scope
    end
end

complete -c tvault -f -a '(__tvault_complete)'
`
}
