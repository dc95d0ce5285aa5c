// `get KEY` served by an agent, without the rest of the program, which takes longer to load than the answer to come. The
// gate stands where the keys are: the agent judges and writes the audit row, as for every other client. Here only what is
// plainly `get KEY [-p PROJECT]` into a pipe or a file is taken; anything else, and every failure, is the frame's.
import { build } from '../lib/build.ts'
import { hostileVariables } from '../lib/environment.ts'
import { isKey } from '../lib/names.ts'
import { closeToOthers, isTerminal } from '../lib/native-socket.ts'
import { Secret } from '../lib/secret.ts'
import { AgentClient } from '../modes/agent/client.ts'

/** Variables that change where a value comes from, or that must be taken out of the environment first. */
const FOR_THE_FRAME = /^TVAULT_(?!DIR$|LOG_|LOCK_TIMEOUT$)/

/** A door. Whether standard output has received the value. False: nothing has happened that the frame may not do again. */
export async function quickGet(tokens: readonly string[]): Promise<boolean> {
  const wish = parse(tokens)
  const { TVAULT_DIR, HOME } = process.env
  // What needs more thought than this is the frame's; so are node:path and node:fs, which take a millisecond to load.
  const directory = TVAULT_DIR || (HOME && `${HOME}/.tvault`)
  if (!wish || !directory?.startsWith('/') || Object.keys(process.env).some((name) => FOR_THE_FRAME.test(name)))
    return false
  if (hostileVariables(process.env).length > 0 || isTerminal(1)) return false
  closeToOthers()
  let client: AgentClient | undefined
  let value: unknown
  try {
    const about = { command: 'get', effect: 'reveal', interactive: false } as const
    const caller = { ...about, client: { name: 'tvault', version: build.version } }
    const { key, project } = wish
    const first = { method: 'read', args: [project ?? '', key], current: project === undefined }
    ;({ client, result: value } = AgentClient.ask(`${directory}/agent.sock`, caller, first))
    if (!(value instanceof Secret)) return false
    if ((await Bun.write(Bun.stdout, value.reveal())) !== value.size) return false
    client.tell({ op: 'settle', result: 'ok' })
    return true
  } catch {
    return false
  } finally {
    if (value instanceof Secret) value.wipe()
    client?.close()
  }
}

function parse(tokens: readonly string[]): { key: string; project?: string } | undefined {
  const [command, ...rest] = tokens
  if (command !== 'get') return undefined
  let [key, project]: (string | undefined)[] = []
  for (let at = 0; at < rest.length; at++) {
    const token = rest[at]!
    if ((token === '-p' || token === '--project') && project === undefined && rest[at + 1]) project = rest[++at]
    else if (key === undefined && isKey(token)) key = token
    else return undefined
  }
  if (key === undefined) return undefined
  return project === undefined ? { key } : { key, project }
}
