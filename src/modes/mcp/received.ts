// The runtime receives everything into one buffer of its own, where a form stays readable until something as long is received
// (Bun 1.4.5). So what held a passphrase is followed by as many zeros, from this process to itself.

/** Longest time that it may take, milliseconds. */
const PATIENCE = 1000

/** Resolves when `size` zeros were received in the place of what came before, or could not be. Throws nothing. */
export async function overwriteReceived(size: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const over = (): void => resolve()
  const timer = setTimeout(over, PATIENCE)
  let left = size
  const takes = {
    data: (_: unknown, zeros: Uint8Array): void => {
      left -= zeros.length
      if (left <= 0) resolve()
    },
    error: over,
    close: over,
  }
  const sends = {
    open: (socket: Bun.Socket): void => void socket.write(new Uint8Array(size)),
    data(): void {},
    error: over,
    close: over,
  }
  try {
    const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: takes })
    try {
      const socket = await Bun.connect({ hostname: '127.0.0.1', port: listener.port, socket: sends })
      await promise
      socket.terminate()
    } finally {
      listener.stop(true)
    }
  } catch {
    // No port is to be had: it stays until something else comes.
  } finally {
    clearTimeout(timer)
  }
}
