// The user at the other end of a connection, in the kernel's own table and in planted ones.
import { expect, test } from 'bun:test'
import { loopbackUser, userIn } from '../../src/lib/loopback.ts'

const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'
const row = (local: string, remote: string, state: string, uid: number): string =>
  `   1: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000 ${`${uid}`.padStart(5)}        0 12345 1 0000 20\n`

test('the user of a socket is found by both of its ends', () => {
  const table =
    HEAD +
    row('0100007F:1F90', '00000000:0000', '0A', 1) +
    // The end of the server itself.
    row('0100007F:1F90', '0100007F:C350', '01', 2) +
    row('0100007F:C350', '0100007F:1F91', '01', 3) +
    row('0200007F:C350', '0100007F:1F90', '01', 4) +
    row('0100007F:C350', '0100007F:1F90', '06', 0) +
    row('0100007F:C350', '0100007F:1F90', '01', 1000)
  expect(userIn([HEAD, table], 50_000, 8080)).toBe(1000)
  expect(userIn([table], 50_001, 8080)).toBeUndefined()
  expect(userIn([''], 50_000, 8080)).toBeUndefined()
  const mapped = HEAD + row('0000000000000000FFFF00000100007F:C350', '0000000000000000FFFF00000100007F:1F90', '01', 7)
  expect(userIn([HEAD, mapped], 50_000, 8080)).toBe(7)
})

test('the kernel tells it of a connection of ours', async () => {
  const server = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const client = await Bun.connect({ hostname: '127.0.0.1', port: server.port, socket: { data() {} } })
  const told = loopbackUser(client.localPort, server.port)
  expect(told).toBe(told === 'untold' ? 'untold' : process.geteuid!())
  expect(loopbackUser(1, server.port)).not.toBe(process.geteuid!())
  client.end()
  server.stop(true)
})
