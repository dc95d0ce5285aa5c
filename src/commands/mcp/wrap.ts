// Starts an MCP server of somebody else with secrets in its environment, so that the configuration of an AI client holds
// references where it held keys. The vault is closed before the server starts.
import { withReferences } from '../parts/env-references.ts'
import { Failure } from '../../lib/errors.ts'
import { printable } from '../../lib/names.ts'
import type { Entry } from '../../vault/view.ts'
import { define } from '../define.ts'
import { fillIn } from '../parts/env-file.ts'
import { openSource } from '../parts/source.ts'

export default define({
  path: 'mcp wrap',
  about: 'Start another MCP server with secrets in its environment',
  detail:
    'For the configuration of an AI client: tvault mcp wrap, then the command of the server. Variables whose value is a ' +
    'reference, tvault://KEY or tvault://PROJECT/KEY, also inside other text as ${tvault://KEY}, are filled in; --set adds ' +
    'more. What the server prints passes through and has the values taken out, unless --raw. Standard input belongs to ' +
    'the protocol, so nobody is asked: the key comes from the agent, or from a source of the passphrase.',
  effect: 'inject',
  on: ['cli'],
  holdsKeys: true,
  input: {
    set: { kind: 'list', placeholder: 'name=ref', about: 'Another variable: NAME=tvault://KEY' },
    raw: { kind: 'flag', about: 'Pass on what the server prints as it is, with the values in it' },
    command: { kind: 'rest', at: 0, required: true, about: 'The server and its arguments' },
  },
  examples: [
    {
      words: 'mcp wrap --set TOKEN=tvault://github/TOKEN -- npx -y some-server',
      about: 'What stands in the configuration of the client',
    },
    { words: 'mcp wrap -- ./server', about: 'With the references that its environment holds' },
  ],
  async run(context, { set = [], raw, command }) {
    if (command.length === 0 || command[0] === '') {
      throw new Failure('usage', 'the command of the server is missing', { hint: 'tvault mcp wrap -- npx some-server' })
    }
    const variables = new Map((await context.mcp()).referring().map(({ name, value }) => [name, value]))
    for (const one of set) {
      const equals = one.indexOf('=')
      const [name, value] = [one.slice(0, equals), one.slice(equals + 1)]
      if (equals < 1 || !value.includes('tvault://')) {
        throw new Failure(
          'usage',
          `--set takes NAME=tvault://KEY, not ${printable(one.slice(0, Math.max(equals, 0)))}…`,
        )
      }
      variables.set(name, value)
    }
    if (variables.size === 0) {
      throw new Failure('usage', 'no variable holds a reference', { hint: '--set NAME=tvault://KEY' })
    }
    const file = withReferences([...variables].map(([name, value]) => ({ name, value })))
    const entries: Entry[] = []
    try {
      entries.push(...(await fillIn(file, () => openSource(context, {}))))
      const inject = entries.map(({ key, value }) => ({ name: key, value }))
      const launch = { command, inject, clean: false }
      return await (raw ? context.become(launch) : context.runRedacted(launch, { strict: false }))
    } finally {
      file.wipe()
      for (const { value } of entries) value.wipe()
    }
  },
  json: () => undefined,
  exitCode: (code) => code,
})
