// Dotenv files for an AI agent, in one direction: what stands in files below its directories goes into the vault. The
// other direction would be a list of values, and there is none. Whether a value is the same already is not told:
// comparing is reading.
import { define } from '../../commands/define.ts'
import type { Context } from '../../commands/context.ts'
import { loadDotenv } from '../../commands/parts/import-dotenv.ts'
import { linesJson, notesOf, readDotenv } from '../../commands/parts/dotenv-input.ts'
import type { Loaded } from '../../commands/parts/import-plan.ts'
import { Failure, toFailure } from '../../lib/errors.ts'
import type { Names, View } from '../../vault/view.ts'
import { LIST, NUMBER, TEXT, tool } from './tool.ts'
import type { Tool } from './tool.ts'

const base = { on: ['mcp'], hidden: true, holdsKeys: true, examples: [] } as const

const FILES = {
  directory: { kind: 'text', about: 'Where to look, below a directory of this server', fallback: '.' },
  files: { kind: 'list', about: 'These dotenv files; default: .env, .env.local and those of the environment' },
  environment: { kind: 'text', about: 'Also .env.NAME and .env.NAME.local' },
  overwrite: { kind: 'flag', about: 'Make new versions of keys that exist' },
} as const

interface Wish {
  directory?: string | undefined
  files?: string[] | undefined
  environment?: string | undefined
}

function load(context: Context, { directory = '.', files, environment }: Wish): Promise<Loaded> {
  const flags = { interactive: false, strict: false }
  if (files === undefined) return loadDotenv(context, { dir: directory, env: environment, ...flags })
  if (environment !== undefined) throw new Failure('usage', 'files and environment exclude each other')
  if (files.includes('-')) throw new Failure('usage', 'standard input is not for files')
  const below = directory === '.' ? files : files.map((file) => `${directory}/${file}`)
  return loadDotenv(context, { file: below, ...flags })
}

/** What would become of each key. Whether a key exists is told only to who may know it. */
function actions(names: Names, project: string, keys: readonly string[], overwrite: boolean): Map<string, string> {
  const there = new Set(names.list(project).map(({ key }) => key))
  return new Map(keys.map((key) => [key, !there.has(key) ? 'create' : overwrite ? 'overwrite' : 'skip']))
}

const wipe = ({ entries }: Loaded): void => entries.forEach(({ value }) => value.wipe())

const listFiles = define({
  ...base,
  path: 'mcp files',
  about: 'Dotenv files of a directory, with how many keys each has',
  effect: 'list',
  input: { directory: FILES.directory, environment: FILES.environment },
  async run(context, { directory = '.', environment }) {
    const found = await context.dotenvFiles(directory)
    const chain = ['.env', '.env.local', ...(environment === undefined ? [] : suffixed(environment))]
    const files: { path: string; key_count: number; diagnostic_count: number; suggested: boolean }[] = []
    for (const path of found) {
      const source = await readDotenv(context, directory === '.' ? path : `${directory}/${path}`)
      for (const { value } of source.parsed.entries) value.wipe()
      const { entries, notes } = source.parsed
      files.push({
        path,
        key_count: entries.length,
        diagnostic_count: notesOf({ ...source, parsed: { entries: [], notes } }).length,
        suggested: chain.includes(path),
      })
    }
    return { directory, files, suggested_files: found.filter((name) => chain.includes(name)) }
  },
})

function suffixed(environment: string): string[] {
  return [`.env.${environment}`, `.env.${environment}.local`]
}

const preview = define({
  ...base,
  path: 'mcp preview',
  about: 'What vault_import_env_files would do, key by key',
  effect: 'list',
  input: FILES,
  async run(context, { overwrite, ...wish }) {
    const loaded = await load(context, wish)
    wipe(loaded)
    const names = await context.names()
    const project = context.project(names)
    const keys = loaded.entries.map(({ key }) => key)
    const plan = actions(names, project, keys, overwrite)
    return {
      project,
      files: loaded.files,
      keys: loaded.entries.map(({ key, file }) => ({ key, action: plan.get(key), source_path: file })),
      diagnostics: linesJson(loaded.lines),
    }
  },
})

const importFiles = define({
  ...base,
  path: 'mcp import',
  about: 'Store the entries of dotenv files that lie below a directory of this server',
  effect: 'write',
  input: FILES,
  async run(context, { overwrite, ...wish }) {
    const loaded = await load(context, wish)
    try {
      const view = await context.vault()
      const project = context.project(view)
      const plan = actions(
        view,
        project,
        loaded.entries.map(({ key }) => key),
        overwrite,
      )
      const [imported, skipped, blocked]: [string[], string[], string[]] = [[], [], []]
      for (const { key, value } of loaded.entries) {
        if (plan.get(key) === 'skip') skipped.push(key)
        else if (stored(view, project, key, value, overwrite)) imported.push(key)
        else blocked.push(key)
      }
      return { project, files: loaded.files, imported, skipped, blocked, diagnostics: linesJson(loaded.lines) }
    } finally {
      wipe(loaded)
    }
  },
})

type Value = Parameters<View['write']>[2]

/** False when the policy does not let this key be stored; it says the same of one that exists and one that does not. */
function stored(view: View, project: string, key: string, value: Value, overwrite: boolean): boolean {
  try {
    view.write(project, key, value, overwrite ? {} : { onlyNew: true })
    return true
  } catch (error) {
    const { kind, code } = toFailure(error)
    if ((kind === 'denied' && code === undefined) || kind === 'conflict') return false
    throw error
  }
}

const sync = define({
  ...base,
  effect: 'write',
  path: 'mcp sync',
  about: 'Store the entries of one dotenv file',
  input: {
    direction: { kind: 'choice', choices: ['push', 'pull', 'mirror'], about: 'push; the others are refused' },
    path: { kind: 'text', about: 'The dotenv file', fallback: '.env' },
    overwrite: FILES.overwrite,
  },
  async run(context, { direction, path = '.env', overwrite }) {
    if (direction !== 'push') {
      throw new Failure('denied', `${direction ?? 'this direction'} writes values into a file`, {
        code: 'not_for_agents',
        hint: 'vault_exec gives values to a program, vault_inject_env writes files that the policy names; or the owner runs: tvault sync',
      })
    }
    const wish = { directory: undefined, files: [path], environment: undefined, overwrite }
    return { direction, ...(await importFiles.run(context, wish)) }
  },
})

const TAKES = { directory: 'directory', files: 'files', environment: 'environment', overwrite: 'overwrite' } as const

export const FILE_TOOLS: readonly Tool[] = [
  tool(listFiles, {
    name: 'vault_list_env_files',
    title: 'List dotenv files',
    takes: { directory: 'directory', environment: 'environment' },
    hasProject: false,
    output: { directory: TEXT, files: LIST, suggested_files: LIST },
    result: (found) => found,
  }),
  tool(preview, {
    name: 'vault_preview_env_import',
    title: 'Preview an import',
    takes: TAKES,
    output: { project: TEXT, keys: LIST, diagnostics: LIST },
    result: (plan) => plan,
  }),
  tool(importFiles, {
    name: 'vault_import_env_files',
    title: 'Import dotenv files',
    takes: TAKES,
    output: { project: TEXT, imported_count: NUMBER, imported_keys: LIST, skipped_keys: LIST, blocked_keys: LIST },
    result: report,
  }),
  tool(sync, {
    name: 'vault_sync_env',
    title: 'Store a dotenv file',
    about:
      'Store the entries of one dotenv file (direction push). The other directions write values into files: refused',
    takes: { direction: 'direction', path: 'path', overwrite: 'overwrite' },
    needs: ['direction'],
    output: { project: TEXT, imported_count: NUMBER, imported_keys: LIST, skipped_keys: LIST, blocked_keys: LIST },
    result: report,
  }),
]

function report({
  project,
  files,
  imported,
  skipped,
  blocked,
  diagnostics,
}: Awaited<ReturnType<typeof importFiles.run>>) {
  return {
    project,
    files,
    imported_count: imported.length,
    imported_keys: imported,
    skipped_keys: skipped,
    blocked_keys: blocked,
    diagnostics,
  }
}
