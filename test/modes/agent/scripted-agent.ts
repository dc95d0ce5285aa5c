// A process that plays an agent: on each socket of its script it sends the pieces of one answer to whoever asked, and
// prints what it heard until that hung up, in hex. The client under test waits without an event loop, so nobody in its
// own process could answer it.
interface Play {
  socket: string
  /** Hex. After an empty one it hangs up. */
  pieces: string[]
}

interface Talk {
  heard: string
  answered: boolean
}

const plays = (await Bun.file(process.argv[2] ?? '').json()) as Play[]
for (const { socket: unix, pieces } of plays) {
  const rest = new Map<Bun.Socket<Talk>, Uint8Array>()
  /** As much of `bytes` as the socket takes now; the remainder when it drains. */
  const write = (socket: Bun.Socket<Talk>, bytes: Uint8Array): void => {
    const before = rest.get(socket)
    const all = before ? Buffer.concat([before, bytes]) : bytes
    const written = before ? 0 : socket.write(all)
    if (written < all.length) rest.set(socket, all.subarray(written))
  }
  Bun.listen<Talk>({
    unix,
    socket: {
      open(socket) {
        socket.data = { heard: '', answered: false }
      },
      async data(socket, bytes) {
        socket.data.heard += bytes.toString('hex')
        if (socket.data.answered) return
        socket.data.answered = true
        for (const piece of pieces) {
          if (piece === '') socket.end()
          else write(socket, Buffer.from(piece, 'hex'))
          // The next piece is to arrive by itself.
          await new Promise((done) => setImmediate(done))
        }
      },
      drain(socket) {
        const left = rest.get(socket)
        if (!left) return
        rest.delete(socket)
        write(socket, left)
      },
      close: (socket) => console.log(socket.data.heard),
    },
  })
}
console.log('listening')

export {}
