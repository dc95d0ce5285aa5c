// Compares the environments of a group: which keys they have, and with --values whether the values are the same. No
// value is ever shown, but comparing counts as reading and is written down.
import { cell, table } from '../../faces/table.ts'
import { Failure, toTrouble } from '../../lib/errors.ts'
import { define } from '../define.ts'
import { GROUP_NAME_FIELD, compareKeys, isDrift, verdict } from '../parts/groups.ts'

const MARKS = { own: '✓', inherited: '↑', missing: '✗' }

export default define({
  path: 'env diff',
  about: 'Compare the environments of a group',
  detail:
    'Names of keys without a passphrase; --values also compares the values, without showing one. An environment that ' +
    'inherits a key has not got it itself: that is marked ↑ and still counts as drift. The exit code is 0, or with ' +
    '--exit-code 0 for no difference, 1 for some, and 2 or more when it could not be found out.',
  effect: 'compare',
  on: ['cli'],
  holdsKeys: true,
  input: {
    group: GROUP_NAME_FIELD,
    values: { kind: 'flag', about: 'Compare the values too' },
    'keys-only': { kind: 'flag', about: 'Compare only the names of keys, which is the default' },
    'exit-code': { kind: 'flag', about: 'End with 1 when there is a difference' },
  },
  examples: [
    { words: 'env diff shop', about: 'Which keys are missing where' },
    { words: 'env diff shop --values --exit-code', about: 'For a script: are they the same?' },
  ],
  async run(context, { group: name, values, 'keys-only': keysOnly, 'exit-code': byCode }) {
    if (values && keysOnly) throw new Failure('usage', '--values and --keys-only exclude each other')
    try {
      if (!values) {
        const names = await context.names()
        const group = names.group(name)
        return { group, keys: compareKeys(names, group), values, byCode }
      }
      const view = await context.vault()
      const group = view.group(name)
      return { group, keys: compareKeys(view, group, view.differences(name)), values, byCode }
    } catch (error) {
      throw byCode ? toTrouble(error) : error
    }
  },
  human({ group, keys, values }, style) {
    const headings = ['KEY', ...group.environments.map(({ name }) => cell(name).toUpperCase()), 'STATUS']
    const rows = keys.map(({ key, environments, status }) => [
      cell(key),
      ...environments.map((one) => (one.present ? MARKS.own : one.inherited_from ? MARKS.inherited : MARKS.missing)),
      status,
    ])
    return (keys.length === 0 ? '' : table(headings, rows)) + verdict(keys, style, values)
  },
  json: ({ group, keys }) => ({
    group: group.name,
    status: isDrift(keys) ? 'drift' : 'ok',
    keys: keys.map(({ key, environments }) => ({ key, environments })),
  }),
  exitCode: ({ keys, byCode }) => (byCode && isDrift(keys) ? 1 : 0),
})
