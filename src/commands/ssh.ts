// Runs a command on another machine with secrets in its environment. Values and arguments travel over the encrypted
// channel as one line that the remote shell reads first; they are on no command line, here or there, and in no file.
import { GIVE_FIELDS } from '../faces/fields.ts'
import { REMOTE_READER, remoteScript } from '../formats/remote-script.ts'
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import { choose } from './parts/choose.ts'
import { define } from './define.ts'

/** A remote terminal would show what is sent; the others keep the line or the command from arriving. */
const UNUSABLE = /^-(?:t+|n|f|N|s|W.*)$/

export default define({
  path: 'ssh',
  about: 'Run a command on another machine with secrets in its environment',
  detail:
    'Everything after the destination is the command; every word of it arrives as it is. Standard input is the ' +
    "command's. There is no remote terminal. The exit code is the one of ssh, which is the command's, or 255 when " +
    'the connection fails. The remote machine needs a POSIX shell called sh.',
  effect: 'inject',
  on: ['cli'],
  holdsKeys: true,
  input: {
    ...GIVE_FIELDS,
    'ssh-arg': { kind: 'list', placeholder: 'argument', about: 'An argument for ssh itself; may be repeated' },
    destination: { kind: 'text', at: 0, required: true, about: 'Where: user@host, or a name of ~/.ssh/config' },
    command: { kind: 'rest', at: 1, required: true, about: 'The command and its arguments' },
  },
  examples: [
    { words: 'ssh deploy@example.org --only API_KEY -- systemctl restart api', about: 'One secret for one command' },
    { words: "ssh box --ssh-arg=-p --ssh-arg=2222 -- sh -c 'echo $HOME'", about: 'With arguments for ssh' },
  ],
  async run(context, { destination, command, 'ssh-arg': more = [], ...choice }) {
    checkDestination(destination)
    if (command[0] === '' || command[0]?.startsWith('-')) {
      throw new Failure('usage', 'the remote command must not be empty or begin with -', {
        hint: 'tvault ssh HOST -- COMMAND; an argument for ssh goes into --ssh-arg=-x',
      })
    }
    const unusable = more.find((word) => UNUSABLE.test(word))
    if (unusable !== undefined) {
      throw new Failure('usage', `--ssh-arg ${printable(unusable)} cannot be used: secrets arrive on standard input`, {
        hint: 'leave it out; there is no remote terminal',
      })
    }
    const entries = await choose(context, choice)
    let feed
    try {
      feed = remoteScript(entries, command)
    } finally {
      for (const { value } of entries) value.wipe()
    }
    // -T comes last of the flags: it also wins over RequestTTY in a configuration file.
    return context.runFed({ command: ['ssh', ...more, '-T', '--', destination, REMOTE_READER], feed })
  },
  json: () => undefined,
  exitCode: (code) => code,
})

/** What begins with - would be a flag of ssh, and flags of ssh can start programs here. */
function checkDestination(destination: string): void {
  // oxlint-disable-next-line no-control-regex
  if (destination !== '' && !destination.startsWith('-') && !/[\0-\x20\x7f]/.test(destination)) return
  throw new Failure('usage', 'the destination must not begin with -, be empty or hold blanks', {
    hint: 'tvault ssh user@host -- COMMAND; an argument for ssh goes into --ssh-arg=-x',
  })
}
