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
    host: {
      kind: 'list',
      placeholder: 'name',
      about: 'A host that its requests may go to, name or name:port or *.name; a policy of the vault says so by itself',
    },
    inside: {
      kind: 'list',
      placeholder: 'name',
      about: 'A host that may lie on this machine or in a private network',
    },
    http: {
      kind: 'count',
      placeholder: 'port',
      min: 0,
      max: 65_535,
      about: 'Serve over HTTP on this port of 127.0.0.1 (path /mcp), 0 for any free one; needs --token-file',
    },
    'token-file': {
      kind: 'text',
      placeholder: 'file',
      complete: 'file',
      about: 'File with the token that clients send, 32 characters or more',
    },
    refusals: {
      kind: 'count',
      placeholder: 'n',
      min: 1,
      about: 'So many refused calls within a minute are a search, and end the session',
      fallback: `${REFUSALS}`,
    },
    page: {
      kind: 'choice',
      choices: ['auto', 'none'],
      about: 'none: never ask you for an approval on a page in the browser',
      fallback: 'auto',
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
    { words: 'mcp --host api.github.com', about: 'Its requests go to one host' },
    { words: 'mcp --http 8750 --token-file ~/.config/tvault-mcp-token', about: 'For a client that speaks HTTP' },
  ],
  async run(context, input) {
    const { tools = 'full', root = [], network = 'any', refusals = REFUSALS, connect = 'auto', page = 'auto' } = input
    const { host = [], inside = [], http: port, 'token-file': tokenFile } = input
    if ((port === undefined) !== (tokenFile === undefined)) {
      throw new Failure('usage', '--http and --token-file must be used together')
    }
    if (port === undefined && context.stdinIsTerminal) {
      throw new Failure('usage', 'standard input is a terminal: this is started by an AI client', {
        hint: 'tvault docs mcp',
      })
    }
    const mcp = await context.mcp()
    const http = port === undefined || tokenFile === undefined ? undefined : { port, tokenFile }
    await mcp.serve({ tools, roots: root, refusals, network, connect, page, hosts: host, inside, http })
  },
})
