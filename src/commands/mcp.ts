// The server for AI agents. It speaks the Model Context Protocol on standard input and output, so it never asks: what it
// may do is in the policy, and the key comes from the agent or from a source of the passphrase.
import { Failure } from '../lib/errors.ts'
import { define } from './define.ts'

const REFUSALS = 40

export default define({
  path: 'mcp',
  aliases: ['mcp-server'],
  about: 'Serve the vault to an AI agent over the Model Context Protocol',
  detail:
    'Without a policy an AI agent sees names and no value; tvault docs mcp tells what it can be allowed. Values come ' +
    'from the agent after tvault unlock, or with a passphrase from TVAULT_PASSPHRASE_FILE and the like.',
  effect: 'none',
  on: ['cli'],
  holdsKeys: true,
  input: {
    tools: { kind: 'text', placeholder: 'set', about: 'core, full, or names of tools', fallback: 'full' },
    root: {
      kind: 'list',
      placeholder: 'dir',
      complete: 'file',
      about: 'Where its programs read and write, and dotenv files are compared; default: the current directory',
    },
    network: {
      kind: 'choice',
      choices: ['any', 'none'],
      about: 'Whether programs that it runs may use the network',
      fallback: 'any',
    },
    refusals: {
      kind: 'count',
      placeholder: 'n',
      min: 1,
      about: 'So many refused calls within a minute are a search, and end the session',
      fallback: `${REFUSALS}`,
    },
    connect: {
      kind: 'choice',
      choices: ['auto', 'none'],
      about: 'none: leave a running agent alone',
      fallback: 'auto',
    },
  },
  examples: [
    { words: 'mcp', about: 'What the configuration of an AI client starts' },
    { words: 'mcp --tools core --root ~/src/shop', about: 'A short list of tools, for one repository' },
  ],
  async run(context, { tools = 'full', root = [], network = 'any', refusals = REFUSALS, connect = 'auto' }) {
    if (context.stdinIsTerminal) {
      throw new Failure('usage', 'standard input is a terminal: this is started by an AI client', {
        hint: 'tvault docs mcp',
      })
    }
    const mcp = await context.mcp()
    await mcp.serve({ tools, roots: root, refusals, network, connect })
  },
})
