// Secrets, as an AI agent sees them: names, versions and times. One tool gives a value, to whom the policy says so.
// Sizes stay inside: the length of a value is a part of it.
import deleteCommand from '../../commands/delete.ts'
import diff from '../../commands/diff.ts'
import generate from '../../commands/generate.ts'
import get from '../../commands/get.ts'
import history from '../../commands/history.ts'
import list from '../../commands/list.ts'
import rollback from '../../commands/rollback.ts'
import search from '../../commands/search.ts'
import set from '../../commands/set.ts'
import { toRfc3339 } from '../../lib/time.ts'
import type { SecretInfo } from '../../vault/view.ts'
import { FLAG, LIST, NUMBER, TEXT, tool } from './tool.ts'
import type { Tool } from './tool.ts'

const place = ({ project, key, version, updatedAt }: SecretInfo): object => ({
  project,
  key,
  version,
  updated_at: toRfc3339(updatedAt),
})

const found = ({ results, total }: { results: SecretInfo[]; total: number }): object => ({
  results: results.map(place),
  count: results.length,
  total,
})

const SEARCH = {
  takes: {
    prefix: 'prefix',
    name_like: 'name-like',
    since: 'since',
    until: 'until',
    min_version: 'min-version',
    limit: 'limit',
  },
  output: { results: LIST, count: NUMBER, total: NUMBER },
  result: found,
} as const

export const SECRET_TOOLS: readonly Tool[] = [
  tool(list, {
    name: 'vault_list_secrets',
    title: 'List secrets',
    about: 'Names and versions of the secrets of a project; no values',
    core: true,
    takes: { prefix: 'prefix' },
    output: { project: TEXT, secrets: LIST },
    result: (secrets, { project }) => ({
      project,
      // Once for every key of a project.
      secrets: secrets.map(({ key, version, tier }) => (tier ? { key, version, tier } : { key, version })),
    }),
  }),
  tool(list, {
    name: 'vault_list_secrets_detailed',
    title: 'List secrets with times',
    about: 'Names, versions and times of the secrets of a project; no values',
    takes: { prefix: 'prefix' },
    output: { project: TEXT, secrets: LIST },
    result: (secrets, { project }) => ({
      project,
      secrets: secrets.map(({ key, version, tier, createdAt, updatedAt }) => ({
        key,
        version,
        ...(tier && { tier }),
        created_at: toRfc3339(createdAt),
        updated_at: toRfc3339(updatedAt),
      })),
    }),
  }),
  tool(list, {
    name: 'vault_list_secrets_by_prefix',
    title: 'List secrets by prefix',
    about: 'Names of the secrets of a project that begin so; no values',
    takes: { prefix: 'prefix' },
    needs: ['prefix'],
    output: { project: TEXT, keys: LIST },
    result: (secrets, { project }) => ({ project, keys: secrets.map(({ key }) => key) }),
  }),
  tool(list, {
    name: 'vault_count_secrets',
    title: 'Count secrets',
    about: 'How many secrets of a project you may know',
    output: { project: TEXT, count: NUMBER },
    result: (secrets, { project }) => ({ project, count: secrets.length }),
  }),
  tool(search, {
    ...SEARCH,
    name: 'vault_search_secrets',
    title: 'Search secrets',
    about: 'Find secrets by name, age or version, in all projects or in one; no values',
    core: true,
  }),
  tool(search, {
    ...SEARCH,
    name: 'vault_list_secrets_global',
    title: 'Search all projects',
    about: 'Find secrets by name, age or version in all projects; no values',
    hasProject: false,
  }),
  tool(history, {
    name: 'vault_secret_history',
    title: 'History of a secret',
    about: 'Versions of a secret with their times; no values',
    core: true,
    takes: { key: 'key' },
    output: { project: TEXT, key: TEXT, versions: LIST },
    result: ({ key, project, versions }) => ({
      project,
      key,
      versions: versions.map(({ version, createdAt, updatedAt }) => ({
        version,
        created_at: toRfc3339(createdAt),
        updated_at: toRfc3339(updatedAt),
      })),
    }),
  }),
  tool(get, {
    name: 'vault_get_secret',
    title: 'Read a value',
    about: 'The value of a secret, into this conversation. Counts against a limit and is written into the audit log',
    core: true,
    takes: { key: 'key', version: 'version', group: 'group', env: 'env' },
    output: { key: TEXT, value: TEXT, warning: TEXT },
    result: ({ key, value, version, source }) => ({
      key,
      ...(version !== undefined && { version }),
      ...(source !== undefined && { source }),
      value,
      warning: 'this value is now a part of the conversation and of its logs',
    }),
  }),
  tool(set, {
    name: 'vault_set_secret',
    title: 'Store a value',
    about: 'Store a value that you have; an earlier one stays in the history. Prefer vault_generate_secret',
    core: true,
    takes: { key: 'name', value: 'value', allow_empty: 'allow-empty' },
    needs: ['value'],
    output: { project: TEXT, key: TEXT, version: NUMBER },
    result: ({ project, key, version }) => ({ project, key, version }),
  }),
  tool(generate, {
    name: 'vault_generate_secret',
    title: 'Generate a secret',
    core: true,
    takes: { key: 'key', length: 'length', charset: 'charset', force: 'force' },
    output: { project: TEXT, key: TEXT, version: NUMBER, length: NUMBER, charset: TEXT, stored: FLAG },
    result: ({ project, key, version, length, charset, stored }) => ({
      project,
      key,
      version,
      length,
      charset,
      stored,
    }),
  }),
  tool(rollback, {
    name: 'vault_rollback_secret',
    title: 'Roll a secret back',
    takes: { key: 'key', to_version: 'to' },
    output: { project: TEXT, key: TEXT, rolled_back: FLAG, rolled_back_from: NUMBER, new_version: NUMBER },
    result: ({ project, key, rolled_back_from, new_version }) => ({
      project,
      key,
      rolled_back: true,
      rolled_back_from,
      new_version,
    }),
  }),
  tool(deleteCommand, {
    name: 'vault_delete_secret',
    title: 'Destroy a secret',
    about: 'Destroy a secret with all its versions; this cannot be undone',
    takes: { key: 'keys' },
    fixed: { yes: true },
    output: { project: TEXT, key: TEXT, deleted: FLAG },
    result: ({ project, keys }) => ({ project, key: keys[0], deleted: true }),
  }),
  tool(diff, {
    name: 'vault_diff_env',
    title: 'Compare a dotenv file',
    about: 'What a dotenv file and a project do not have in common. Comparing values counts as reading them',
    takes: { file: 'path', compare_values: 'values' },
    output: { only_in_vault: LIST, only_in_file: LIST, in_both: LIST, visible_only: FLAG },
    result: ({ project, onlyInVault, onlyInFile, inBoth, values }) => ({
      project,
      only_in_vault: onlyInVault,
      only_in_file: onlyInFile,
      in_both: inBoth,
      ...(values && { value_diffs: values }),
      // Names that the policy hides are in none of the lists, so nothing is said about being in sync (attack B5).
      visible_only: true,
    }),
  }),
]
