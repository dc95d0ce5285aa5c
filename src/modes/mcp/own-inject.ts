// Writes a secret into a configuration file that the owner's policy names, by the grammar of that file. It is the one
// way in which a value comes to lie in a file for an AI agent, and without a rule for the file there is none.
import { realpathSync } from 'node:fs'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { define } from '../../commands/define.ts'
import { Failure } from '../../lib/errors.ts'
import type { Act } from '../../lib/gate.ts'
import { printable } from '../../lib/names.ts'
import { FLAG, TEXT, tool } from './tool.ts'
import type { Tool } from './tool.ts'

const LONGEST_PURPOSE = 120

/** Names that a file of each format has. */
const NAMES = {
  dotenv: /^\.env(?:\.[^./]+)?(?:\.local)?$/,
  npmrc: /^\.npmrc$/,
  netrc: /^[._]netrc$/,
  docker: /^config\.json$/,
} as const

const inject = define({
  path: 'mcp inject',
  about: 'Write a secret into a configuration file that the policy names',
  effect: 'write-file',
  on: ['mcp'],
  hidden: true,
  holdsKeys: true,
  examples: [],
  input: {
    key: { kind: 'text', required: true, about: 'Name of the secret' },
    path: { kind: 'text', required: true, about: 'Absolute path: .env…, .npmrc, .netrc, or config.json of docker' },
    as: { kind: 'text', about: 'Name of the variable in a dotenv file; default: that of the secret' },
    host: { kind: 'text', about: 'Registry or machine, for .npmrc, .netrc and docker' },
    user: { kind: 'text', about: 'Name of the user, for .netrc and docker' },
    purpose: { kind: 'text', required: true, about: 'What for; for the owner, in the audit log' },
  },
  async run(context, { key, path: typed, as, host, user }) {
    const { acts } = context
    if (!acts) throw new Failure('denied', 'there is no way to write files here')
    const path = fileOf(typed)
    const name = basename(path)
    const formats = (Object.keys(NAMES) as (keyof typeof NAMES)[]).filter((one) => NAMES[one].test(name))
    const [format] = formats
    if (format === undefined) {
      throw new Failure('usage', `${printable(name)} is no file that values are written into`, {
        hint: '.env and its kinds, .npmrc, .netrc, config.json of docker',
      })
    }
    const view = await context.vault()
    const project = context.project(view)
    const { entries } = view.readMany(project, { only: [key] })
    try {
      const [entry] = entries
      if (!entry)
        throw new Failure('not_found', `no secret ${printable(key)} in project ${printable(project)}`, {
          hint: 'vault_list_secrets',
        })
      const { created } = await acts.inject({ path, format, host, user, as, secret: { name: key, value: entry.value } })
      return { project, key, path, format, created }
    } finally {
      for (const { value } of entries) value.wipe()
    }
  },
})

/** The path with its folder as it really is. Throws `usage` for a relative one, `denied` for a folder that is not there. */
function fileOf(path: string): string {
  if (!isAbsolute(path)) throw new Failure('usage', 'the argument path must be an absolute path')
  try {
    const folder = realpathSync(dirname(path))
    if (!/^\/(?:proc|sys|dev)(?:\/|$)/.test(folder)) return join(folder, basename(path))
  } catch {
    // Said below.
  }
  throw new Failure('denied', `${printable(path)} is no file that may be written`)
}

function whatIsWritten({ path, purpose }: Readonly<Record<string, unknown>>): Act {
  return { file: fileOf(typeof path === 'string' ? path : ''), ...(typeof purpose === 'string' && { purpose }) }
}

export const INJECT_TOOLS: readonly Tool[] = [
  tool(inject, {
    name: 'vault_inject_env',
    title: 'Write a secret into a file',
    takes: { key: 'key', file_path: 'path', env_key: 'as', host: 'host', user: 'user', purpose: 'purpose' },
    output: { project: TEXT, key: TEXT, path: TEXT, format: TEXT, created: FLAG },
    idempotent: true,
    result: (written) => written,
    act: whatIsWritten,
    audit: (input) => {
      const { file, purpose } = whatIsWritten(input)
      return { file: printable(file ?? ''), purpose: printable((purpose ?? '').slice(0, LONGEST_PURPOSE)) }
    },
  }),
]
