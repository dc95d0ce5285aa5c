// The folder of commands against the table of commands, and each declaration against the rules of the house.
import type { Command } from '../../src/commands/define.ts'
import { EFFECTS } from '../../src/lib/gate.ts'
import { importsOf } from './house.ts'
import type { House } from './house.ts'

/** Paths below src/commands/ that declare a command, without folder and ending: `projects/create`. */
export function commandFiles(house: House): string[] {
  return [...house]
    .filter(([path, text]) => path.startsWith('src/commands/') && /\bexport default define\(/.test(text))
    .map(([path]) => path.slice('src/commands/'.length, -'.ts'.length))
}

/** What stands around the commands: what one is, what calls it, and what it is asked and given. */
const FRAME = new Set(
  [
    'agent-access',
    'by-name',
    'context',
    'define',
    'describe',
    'execute',
    'index',
    'mcp-access',
    'policy',
    'policy-mcp',
    'update-access',
  ].map((name) => `src/commands/${name}.ts`),
)

/** What several commands say, or one says at length, is in this folder; everything else there is a command. */
const PARTS = 'src/commands/parts/'

/** Files of src/commands/ that are in the wrong place, and parts that know a command. */
export function placeFaults(house: House): string[] {
  const declared = new Set(commandFiles(house).map((path) => `src/commands/${path}.ts`))
  const faults: string[] = []
  for (const [path, text] of house) {
    if (!path.startsWith('src/commands/')) continue
    const isPart = path.startsWith(PARTS)
    if (isPart && declared.has(path)) faults.push(`${path}: a command is no part`)
    if (!isPart && !declared.has(path) && !FRAME.has(path)) faults.push(`${path}: no command; belongs into ${PARTS}`)
    if (!isPart) continue
    for (const { target } of importsOf(path, text)) {
      if (target && (declared.has(target) || target === 'src/commands/index.ts'))
        faults.push(`${path}: a part knows no command (${target})`)
    }
  }
  for (const path of FRAME) if (!house.has(path)) faults.push(`${path}: is not there`)
  return faults
}

/** Effects by which a value or a key is touched; such a command must be refused in a hostile environment. */
const NEEDS_KEYS = new Set(['compare', 'inject', 'reveal', 'write-file', 'seal', 'write', 'destroy', 'share'])

/** Commands that write without a key, each with its reason. */
const KEYLESS: Readonly<Record<string, string>> = {
  'projects use': 'stores which project is current, which is no secret',
}

/** Where folder, table and declarations disagree. */
export function commandFaults(house: House, commands: readonly Command[]): string[] {
  const faults: string[] = []
  const files = new Set(commandFiles(house))
  const taken = new Map<string, string>()
  for (const command of commands) {
    const file = command.path.replaceAll(' ', '/')
    if (!files.delete(file)) faults.push(`${command.path}: no file src/commands/${file}.ts declares it`)
    for (const words of [command.path, ...(command.aliases ?? [])]) {
      if (taken.has(words)) faults.push(`${words}: said by ${command.path} and by ${taken.get(words)}`)
      taken.set(words, command.path)
    }
    faults.push(...declarationFaults(command))
  }
  for (const file of files) faults.push(`src/commands/${file}.ts is not in the table; add it to src/commands/index.ts`)
  return faults
}

function declarationFaults(command: Command): string[] {
  const { path, about, effect, examples, input, holdsKeys } = command
  const faults: string[] = []
  const say = (what: string): number => faults.push(`${path}: ${what}`)
  if (!/^[A-Z].*[^.]$/.test(about)) say(`about is one sentence without a full stop: ${about}`)
  if (!(EFFECTS as readonly string[]).includes(effect)) say(`unknown effect ${effect}`)
  if (NEEDS_KEYS.has(effect) && !holdsKeys && !(path in KEYLESS))
    say(`has effect ${effect} but does not say that it holds keys`)
  if (examples.length === 0) say('has no example')
  for (const { words } of examples)
    if (words !== path && !words.startsWith(`${path} `)) say(`the example is of something else: ${words}`)
  const places = Object.values(input).flatMap((field) => (field.at === undefined ? [] : [field.at]))
  if (places.toSorted((a, b) => a - b).join() !== places.map((_, index) => index).join())
    say('positions do not count up from 0')
  for (const [name, field] of Object.entries(input)) {
    if (!/^[a-z][a-z-]*$/.test(name)) say(`field ${name} is not kebab-case`)
    if (field.about === '' || field.about.endsWith('.')) say(`field ${name}: about is empty or ends with a full stop`)
  }
  return faults
}
