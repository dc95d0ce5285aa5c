// The listening side: accepts connections and asks the kernel who is there. Whoever is not the user of this process, or
// is one too many, gets one line and is gone. The socket is bound under a name of its own and then moved to the one that
// clients know, because the runtime removes the name it bound at the end, whatever lies there by then.
import type { UnixSocketListener } from 'bun'
import { ownCopy } from '../../lib/bytes.ts'
import { fileFailure, moveWithoutReplacing } from '../../lib/files.ts'
import { peerOf } from '../../lib/native-socket.ts'
import type { Broker } from './broker.ts'
import { Connection } from './connection.ts'
import type { Conversation, Wired } from './connection.ts'
import { MAGIC } from './wire.ts'
import { PlainSession } from './plain.ts'
import { Scrub } from './scrub.ts'
import { Session } from './session.ts'
import { bornPrivate } from './socket.ts'
import { refusal } from './v1.ts'

const MAX_CONNECTIONS = 512
const STOP_NAP_MILLISECONDS = 10
/** How long who was refused may stay on the line. */
const REFUSED_MILLISECONDS = 1000

export interface Served {
  /** Accepts nothing more, and resolves when the running conversations are over, at most after `milliseconds`. */
  stop(milliseconds: number): Promise<void>
}

/** Listens at `path`, bound as `bindPath`, until `stop`. `note` hears one line for the log: never a value. */
export function serve(
  { path, bindPath }: { path: string; bindPath: string },
  broker: Broker,
  note: (line: string) => void,
): Served {
  const open = new Set<Connection>()
  const scrub = new Scrub()
  const begin = (first: number | undefined, connection: Connection): Conversation =>
    first === MAGIC[0]
      ? new Session(broker, connection.peer, connection)
      : new PlainSession(broker, connection.peer, connection)
  const listener: UnixSocketListener<Connection | 'own' | undefined> = bornPrivate(() =>
    Bun.listen<Connection | 'own' | undefined>({
      unix: bindPath,
      // A request may be ended by closing one direction; the answer still goes the other way.
      allowHalfOpen: true,
      socket: {
        open(socket) {
          const accepted = accept(socket, open, begin, note)
          if (accepted) socket.data = accepted
          if (accepted instanceof Connection) open.add(accepted)
        },
        data(socket, chunk) {
          const bytes = ownCopy(chunk)
          chunk.fill(0)
          if (socket.data instanceof Connection) {
            if (socket.data.receive(bytes)) scrub.over(bytes.length)
          } else if (!socket.data) socket.end()
          bytes.fill(0)
        },
        end(socket) {
          if (socket.data instanceof Connection) socket.data.halfClosed()
          else socket.end()
        },
        drain(socket) {
          if (socket.data instanceof Connection) socket.data.flush()
        },
        close(socket) {
          if (!(socket.data instanceof Connection)) return
          open.delete(socket.data)
          socket.data.closed()
        },
        error() {},
      },
    }),
  )
  try {
    moveWithoutReplacing(bindPath, path)
  } catch (error) {
    listener.stop(true)
    throw fileFailure(error, path, 'create')
  }
  void scrub
    .connect(path)
    .catch(() => note('the agent cannot reach itself; what it received stays in memory for longer'))
  return {
    async stop(milliseconds) {
      listener.stop(false)
      scrub.end()
      const deadline = performance.now() + milliseconds
      while (open.size > 0 && performance.now() < deadline) {
        for (const connection of open) if (!connection.working) connection.end()
        if (open.size > 0) await Bun.sleep(STOP_NAP_MILLISECONDS)
      }
      for (const connection of open) connection.terminate()
    },
  }
}

/** Fails closed: whom the kernel does not name is not served, nor is anyone but the user of this process. */
function accept(
  socket: Wired,
  open: ReadonlySet<Connection>,
  begin: ConstructorParameters<typeof Connection>[2],
  note: (line: string) => void,
): Connection | 'own' | undefined {
  const peer = peerOf(descriptor(socket))
  if (!peer || peer.uid !== process.geteuid?.()) {
    note(`refused a connection of uid ${peer?.uid ?? 'unknown'}`)
    refuse(socket, 'permission denied')
    return undefined
  }
  if (peer.pid === process.pid) return 'own'
  if (open.size >= MAX_CONNECTIONS && !makeRoom(open)) {
    refuse(socket, 'too many connections')
    return undefined
  }
  return new Connection(socket, peer, begin)
}

/** Who has waited longest without saying who it is gives way. */
function makeRoom(open: ReadonlySet<Connection>): boolean {
  for (const connection of open) {
    if (connection.known) continue
    connection.terminate()
    return true
  }
  return false
}

/** Ended when it has asked: to end it before that would take the words away from who is still asking. */
function refuse(socket: Wired, words: string): void {
  socket.write(refusal(words))
  setTimeout(() => socket.terminate(), REFUSED_MILLISECONDS)
}

function descriptor(socket: Wired): number {
  return (socket as unknown as { fd: number }).fd
}
