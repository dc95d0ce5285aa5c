// An owner who answers whatever waits for a word, always the same, as long as the test goes on: by the agent's own protocol,
// because starting the program each time takes longer than what is tested.
import { agentSession } from '../../src/context/agent.ts'
import type { AgentSession } from '../../src/context/agent.ts'
import { Secret } from '../../src/lib/secret.ts'

/** Milliseconds between two looks. */
const LOOK = 30

export class Owner {
  /** How often it was asked, and answered. */
  decided = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #session: AgentSession | undefined
  readonly #vault: string
  readonly #answer: 'yes' | 'no'
  readonly #passphrase: string
  #gone = false

  constructor(vault: string, answer: 'yes' | 'no', passphrase: string) {
    this.#vault = vault
    this.#answer = answer
    this.#passphrase = passphrase
    this.#again()
  }

  leave(): void {
    this.#gone = true
    clearTimeout(this.#timer)
    this.#session?.close()
    this.#session = undefined
  }

  #again(): void {
    const next = (): void => (this.#gone ? undefined : this.#again())
    // What was taken back meanwhile cannot be answered any more.
    this.#timer = setTimeout(() => void this.#look().then(next, next), LOOK)
  }

  async #look(): Promise<void> {
    const client = await this.#agent()
    const { pending } = client.request({ op: 'approvals' }, []) as { pending: { id: string }[] }
    for (const { id } of pending) {
      if (this.#answer === 'no') client.request({ op: 'deny' }, [id])
      else client.request({ op: 'approve' }, [id, Secret.fromText(this.#passphrase), {}])
      this.decided += 1
    }
  }

  async #agent() {
    this.#session ??= await agentSession({
      ...{ directory: this.#vault, command: 'approvals', effect: 'admin', interactive: true, version: 'test' },
      token: () => undefined,
      note: () => undefined,
    })
    const client = this.#session?.client
    if (!client) throw new Error('no agent')
    return client
  }
}
