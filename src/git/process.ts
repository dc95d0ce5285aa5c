// The long running filter: one process for all files of one git command (gitattributes(5)). Requests come one after the
// other on standard input, answers go to standard output; nothing else may be written there. A door: what git is to put
// into the work tree is opened here.
import { latin1 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import type { Secret } from '../lib/secret.ts'
import type { Filters } from './filter.ts'
import { PacketReader, contentPackets, flushPacket, textPacket } from './pkt-line.ts'
import type { Read } from './pkt-line.ts'
import { pathOf, shown } from './repository.ts'
import { MAX_FILE_BYTES } from './seal.ts'

export interface Wire {
  read: Read
  write(bytes: Uint8Array): void
  note(text: string): void
}

const CAPABILITIES = ['clean', 'smudge']

/** Answers requests until git closes the stream. Failure `failed` when git does not keep to the protocol. */
export async function serve(wire: Wire, filters: Pick<Filters, 'clean' | 'smudge'>): Promise<void> {
  const reader = new PacketReader(wire.read)
  if (!greet(reader, wire)) return
  for (let request = reader.pairs(); request !== undefined; request = reader.pairs()) {
    const content = reader.content(MAX_FILE_BYTES)
    try {
      await answer(request, content, wire, filters)
    } finally {
      content?.wipe()
    }
  }
}

/** Version and capabilities; false when the stream ends before the first word. */
function greet(reader: PacketReader, wire: Wire): boolean {
  const welcome = reader.lines()
  if (welcome === undefined) return false
  if (welcome[0] !== 'git-filter-client' || !welcome.includes('version=2')) {
    throw new Failure('failed', 'standard input is not git asking for a filter of version 2', {
      hint: 'git starts this command by itself: tvault git-filter install',
    })
  }
  wire.write(Buffer.concat([textPacket('git-filter-server'), textPacket('version=2'), flushPacket()]))
  const offered = reader.lines() ?? []
  const wanted = CAPABILITIES.filter((name) => offered.includes(`capability=${name}`))
  wire.write(Buffer.concat([...wanted.map((name) => textPacket(`capability=${name}`)), flushPacket()]))
  return true
}

async function answer(
  request: ReadonlyMap<string, Uint8Array>,
  content: Secret | undefined,
  { write, note }: Wire,
  filters: Pick<Filters, 'clean' | 'smudge'>,
): Promise<void> {
  let packets: Uint8Array
  try {
    if (content === undefined) throw new Failure('failed', `it exceeds the limit of ${MAX_FILE_BYTES} bytes`)
    packets = await filtered(request, content, filters)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const path = request.get('pathname')
    const where = path === undefined ? '' : `${shown(pathOf(path))}: `
    note(`tvault: ${where}${error.message}${error.hint === undefined ? '' : `\nhint: ${error.hint}`}`)
    write(Buffer.concat([textPacket('status=error'), flushPacket()]))
    return
  }
  try {
    write(Buffer.concat([textPacket('status=success'), flushPacket()]))
    write(packets)
    // The second list of pairs: nothing went wrong since.
    write(flushPacket())
  } finally {
    packets.fill(0)
  }
}

/** The answer's content in packets. */
async function filtered(
  request: ReadonlyMap<string, Uint8Array>,
  content: Secret,
  filters: Pick<Filters, 'clean' | 'smudge'>,
): Promise<Uint8Array> {
  const [command, path, oid] = ['command', 'pathname', 'blob'].map((name) => request.get(name))
  switch (command && latin1(command)) {
    case 'clean':
      return contentPackets(await filters.clean(path, content))
    case 'smudge': {
      const plaintext = await filters.smudge(content.reveal(), path, oid && latin1(oid))
      const packets = contentPackets((plaintext ?? content).reveal())
      plaintext?.wipe()
      return packets
    }
    default:
      throw new Failure('failed', 'git asks for something that this filter does not do')
  }
}
