// Writes what follows from the declarations: tables in README and topics, the manifest, the man page, completions and
// the golden help texts. `--check` writes nothing and fails when a file differs, so a change shows up in review.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { commands } from '../src/commands/index.ts'
import { listed } from '../src/commands/describe.ts'
import { commandHelp } from '../src/faces/command-help.ts'
import { SHELLS, completion } from '../src/faces/completion.ts'
import { rootHelp } from '../src/faces/help.ts'
import { man } from '../src/faces/man.ts'
import { commandPages, commandTable, exitCodeTable, markdownTable } from '../src/faces/markdown.ts'
import { FAILURES } from '../src/lib/errors.ts'
import { build } from '../src/lib/build.ts'
import { SETTINGS } from '../src/settings.ts'

const root = join(import.meta.dir, '..')
const golden = join(root, 'test', 'golden')
const descriptions = listed(commands)

/** Text between `<!-- generated:NAME -->` and `<!-- /generated -->`. */
const BLOCKS: Record<string, string> = {
  commands: commandTable(descriptions),
  'command-pages': commandPages(descriptions),
  'exit-codes': exitCodeTable(FAILURES),
  settings: markdownTable(
    ['setting', 'kind', 'meaning', 'default'],
    SETTINGS.map(({ name, kind, about, fallback }) => [`\`${name}\``, kind, about, fallback ?? '']),
  ),
}

/** `source` with every generated block replaced. Throws for a block that nobody makes. */
function fillBlocks(source: string): string {
  return source.replace(
    /(<!-- generated:([a-z-]+) -->\n)[^]*?(<!-- \/generated -->)/g,
    (_, head: string, name: string, tail: string) => {
      const block = BLOCKS[name]
      if (block === undefined) throw new Error(`unknown generated block ${name}`)
      return `${head}${block}${tail}`
    },
  )
}

/** Every generated file with its content. */
function generated(): Map<string, string> {
  const files = new Map<string, string>()
  const topics = join(root, 'src', 'topics')
  const documents = [join(root, 'README.md'), ...readdirSync(topics).map((name) => join(topics, name))]
  for (const path of documents) files.set(path, fillBlocks(readFileSync(path, 'utf8')))
  files.set(join(golden, 'manifest.json'), `${JSON.stringify(descriptions, undefined, 2)}\n`)
  files.set(join(golden, 'tvault.1'), man(descriptions, build.version))
  for (const shell of SHELLS) files.set(join(golden, 'completion', shell), completion(shell, descriptions))
  files.set(join(golden, 'help', 'tvault.txt'), rootHelp(descriptions))
  for (const description of descriptions) {
    files.set(join(golden, 'help', `${description.path.replaceAll(' ', '-')}.txt`), commandHelp(description))
  }
  return files
}

/** Golden files that no declaration makes any more. */
function orphans(files: ReadonlyMap<string, string>): string[] {
  if (!existsSync(golden)) return []
  return readdirSync(golden, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !files.has(path))
}

function main(checkOnly: boolean): number {
  const files = generated()
  const stale = [...files].filter(([path, content]) => !existsSync(path) || readFileSync(path, 'utf8') !== content)
  const left = orphans(files)
  if (checkOnly) {
    for (const path of [...stale.map(([path]) => path), ...left])
      console.error(`not up to date: ${relative(root, path)}`)
    if (stale.length + left.length > 0) console.error('bun run gen writes them')
    return stale.length + left.length > 0 ? 1 : 0
  }
  for (const [path, content] of stale) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
  for (const path of left) rmSync(path)
  console.log(`${stale.length} written, ${left.length} removed, ${files.size} in all`)
  return 0
}

if (import.meta.main) process.exitCode = main(process.argv.includes('--check'))
