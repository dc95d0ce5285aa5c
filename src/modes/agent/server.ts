// The listening side: accepts connections, asks the kernel who is there, tells v1 from v2 by the first byte, and ends
// what is too slow, too big or too many. What is asked is done by the conversations (session.ts, plain.ts).
import type { Socket, UnixSocketListener } from 'bun'
import { peerOf } from '../../lib/native-socket.ts'
import type { Peer } from '../../lib/native-socket.ts'
import type { Broker } from './broker.ts'
import { MAGIC } from './frames.ts'
import { PlainSession } from './plain.ts'
import { Session } from './session.ts'
import { bornPrivate } from './socket.ts'
import { refusal } from './v1.ts'

/** From accepting to the end of the first request, in milliseconds. */
const FIRST_REQUEST_MILLISECONDS = 10_000
const MAX_CONNECTIONS = 512

interface Connection {
  peer: Peer
  /** Undefined until the first byte came. */
  session: Session | PlainSession | undefined
  deadline: ReturnType<typeof setTimeout> | undefined
  /** What the kernel did not take yet. */
  unsent: Uint8Array[]
  ending: boolean
}

type Wired = Socket<Connection | undefined>

export interface Served {
  /** Accepts nothing more, and resolves when the running conversations are over, at most after `milliseconds`. */
  stop(milliseconds: number): Promise<void>
}

/** Listens at `path` until `stop`. `note` hears one line for the log: never a value, names only bounded. */
export function serve(path: string, broker: Broker, note: (line: string) => void): Served {
  const open = new Set<Wired>()
  let idle: (() => void) | undefined
  const listener: UnixSocketListener<Connection | undefined> = bornPrivate(() =>
    Bun.listen<Connection | undefined>({
      unix: path,
      socket: {
        open(socket) {
          accept(socket, open.size, note)
          if (socket.data) open.add(socket)
        },
        data(socket, chunk) {
          if (socket.data) receive(socket, socket.data, chunk, broker)
          chunk.fill(0)
        },
        drain(socket) {
          if (socket.data) flush(socket, socket.data)
        },
        close(socket) {
          if (!socket.data) return
          clearTimeout(socket.data.deadline)
          socket.data.session?.close()
          for (const bytes of socket.data.unsent) bytes.fill(0)
          open.delete(socket)
          if (open.size === 0) idle?.()
        },
        error() {},
      },
    }),
  )
  return {
    async stop(milliseconds) {
      listener.stop(false)
      for (const socket of open) {
        if (socket.data && !socket.data.session?.working) finish(socket, socket.data)
      }
      if (open.size === 0) return
      const over = new Promise<void>((resolve) => (idle = resolve))
      await Promise.race([over, Bun.sleep(milliseconds)])
      for (const socket of open) socket.terminate()
    },
  }
}

/** Fails closed: whom the kernel does not name is not served, nor is anyone but the user of this process. */
function accept(socket: Wired, connections: number, note: (line: string) => void): void {
  const peer = peerOf(descriptor(socket))
  if (!peer || peer.uid !== process.geteuid?.()) {
    note(`refused a connection of uid ${peer?.uid ?? 'unknown'}`)
    socket.write(refusal('permission denied'))
    socket.end()
    return
  }
  if (connections >= MAX_CONNECTIONS) {
    socket.write(refusal('too many connections'))
    socket.end()
    return
  }
  const connection: Connection = { peer, session: undefined, deadline: undefined, unsent: [], ending: false }
  connection.deadline = setTimeout(() => socket.terminate(), FIRST_REQUEST_MILLISECONDS)
  socket.data = connection
}

function receive(socket: Wired, connection: Connection, chunk: Uint8Array, broker: Broker): void {
  if (connection.ending) return
  if (!connection.session) {
    const wire = {
      send: (bytes: Uint8Array) => write(socket, connection, bytes),
      end: () => finish(socket, connection),
      settled: () => clearTimeout(connection.deadline),
    }
    connection.session =
      chunk[0] === MAGIC[0]
        ? new Session(broker, connection.peer, wire)
        : new PlainSession(broker, connection.peer, wire)
  }
  connection.session.receive(chunk)
}

function write(socket: Wired, connection: Connection, bytes: Uint8Array): void {
  if (connection.ending) return
  const sent = connection.unsent.length === 0 ? Math.max(0, socket.write(bytes)) : 0
  // A copy: what is sent later must outlive the Secret that it came from.
  if (sent < bytes.length) connection.unsent.push(bytes.slice(sent))
}

function flush(socket: Wired, connection: Connection): void {
  for (let bytes = connection.unsent[0]; bytes; bytes = connection.unsent[0]) {
    const sent = Math.max(0, socket.write(bytes))
    bytes.fill(0, 0, sent)
    if (sent < bytes.length) {
      connection.unsent[0] = bytes.subarray(sent)
      return
    }
    connection.unsent.shift()
  }
  if (connection.ending) socket.end()
}

function finish(socket: Wired, connection: Connection): void {
  connection.ending = true
  if (connection.unsent.length === 0) socket.end()
}

function descriptor(socket: Wired): number {
  return (socket as unknown as { fd: number }).fd
}
