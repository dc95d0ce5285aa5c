// Who is at the other end of a connection over the loopback interface. It is open to every user of the machine; the table of
// sockets of the kernel (proc(5), /proc/net/tcp) has the user of each.
import { readFileSync } from 'node:fs'

/** The second one has sockets of IPv6 that speak to an address of IPv4. */
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6']
/** 127.0.0.1 as the machines write it that we run on, little-endian. */
const HOME = '0100007F'
/** The connection is over, and its row no longer has a user. */
const TIME_WAIT = '06'

/**
 * The number of the user whose socket at 127.0.0.1:`port` is connected to 127.0.0.1:`server`. Undefined when there is none,
 * `untold` where the kernel has no such table.
 */
export function loopbackUser(port: number, server: number): number | undefined | 'untold' {
  const tables = TABLES.flatMap((path) => {
    try {
      return [readFileSync(path, 'latin1')]
    } catch {
      return []
    }
  })
  return tables.length === 0 ? 'untold' : userIn(tables, port, server)
}

/** The same in the text of these tables. */
export function userIn(tables: readonly string[], port: number, server: number): number | undefined {
  const [from, to] = [port, server].map((number) => `${HOME}:${number.toString(16).toUpperCase().padStart(4, '0')}`)
  for (const table of tables) {
    for (const line of table.split('\n')) {
      // Number, local and remote address, state, two queues, timer, retransmissions, user.
      const [, local = '', remote = '', state, , , , user = ''] = line.trim().split(/\s+/)
      if (local.endsWith(from!) && remote.endsWith(to!) && state !== TIME_WAIT && /^\d+$/.test(user))
        return Number(user)
    }
  }
  return undefined
}
