// Numbers of protocol v2 on which both sides and both clients (client.ts, quick.ts) agree. What they mean: frames.ts.

/**
 * First bytes of a v2 connection; v1 begins with JSON, so with no zero byte. The line feed lets an agent that speaks
 * only v1 answer at once.
 */
export const MAGIC = new TextEncoder().encode('\0tvault2\n')

/** Kinds of frames. */
export const HEAD = 1
export const PART = 2

/** Bytes in front of a frame's payload: its length with the kind (u32, big-endian), and the kind. */
export const FRAME_HEADER = 5

/** Longest wait for connecting and the answer to the first words, all together. */
export const HELLO_MILLISECONDS = 1000

/** Longest silence of an agent that was asked something; while it works or waits it says so twice a second. */
export const READ_SILENCE_MILLISECONDS = 10_000
