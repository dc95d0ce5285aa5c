// Who is at the other end of a connection to the agent, and with what: the owner, the bearer of a token, or an AI agent.
// Decided once, when it says hello; nothing that is said later widens it.
import { policyFor } from '../commands/policy.ts'
import { Failure } from '../lib/errors.ts'
import type { Asker, Decision, Policy, Principal, Question } from '../lib/gate.ts'
import { processIdentity } from '../lib/process.ts'
import type { Asked, Grant } from '../modes/agent/broker.ts'
import { outOfScope } from '../modes/agent/plain.ts'
import type { Known, Tokens } from '../modes/agent/tokens.ts'

type MakeAsker = (asked: Asked, via: Readonly<Record<string, string | number>>) => Asker

export class Admission {
  readonly #tokens: Tokens
  readonly #requireToken: boolean
  /** Makes the asker of an AI agent, with the rules of now. */
  readonly #client: MakeAsker

  constructor(tokens: Tokens, requireToken: boolean, client: MakeAsker) {
    this.#tokens = tokens
    this.#requireToken = requireToken
    this.#client = client
  }

  admit(asked: Asked, token: unknown, nonce: Uint8Array | undefined): Grant {
    if (token === undefined || token === null) return this.#tokenless(asked)
    const { id, proof } = token as Record<string, unknown>
    const shown =
      typeof id === 'string' && typeof proof === 'string' && /^[0-9a-f]{64}$/.test(proof) ? proof : undefined
    const known = shown && nonce ? this.#tokens.byProof(String(id), Uint8Array.fromHex(shown), nonce) : undefined
    if (known) return this.#bearer(asked, known)
    throw new Failure('denied', 'the token is unknown, over or used up', { hint: 'tvault agent token list' })
  }

  admitPlain(asked: Asked, token: string, project: string | undefined): Grant {
    const known = token === '' ? undefined : this.#tokens.byItself(token)
    if (known) {
      if (project !== undefined && known.scope.project !== undefined && known.scope.project !== project) {
        throw outOfScope(project)
      }
      return this.#bearer(asked, known)
    }
    // The peer's clients send what is in their environment, also to an agent that has no tokens. One that had some
    // gives nothing for a token that is over: that would be more than it was good for.
    if (this.#requireToken || (token !== '' && this.#tokens.everHeld)) {
      throw new Failure('denied', 'token required or invalid')
    }
    return this.#tokenless(asked)
  }

  /** Without a token: everything, or where one is required nothing but to govern the agent. An AI agent governs nothing. */
  #tokenless(asked: Asked): Grant {
    const served = !this.#requireToken
    if (asked.mcp) return this.#guest(asked, undefined, served)
    const principal: Principal = { kind: 'owner', interactive: asked.interactive }
    return { asker: this.#asker(principal, asked, undefined), governs: true, served }
  }

  #bearer(asked: Asked, { id, scope, unlimited }: Known): Grant {
    const bearer: Principal = { kind: 'token', id, scope }
    if (asked.mcp) return { ...this.#guest(asked, unlimited ? undefined : bearer, true, id), tokenId: id }
    const principal: Principal = unlimited ? { kind: 'owner', interactive: asked.interactive } : bearer
    return { asker: this.#asker(principal, asked, id), tokenId: id, governs: unlimited, served: true }
  }

  /** An AI agent. One that shows a token of limited scope may do what both its rules and the token allow. */
  #guest(asked: Asked, bearer: Principal | undefined, served: boolean, tokenId?: string): Grant {
    const asker = this.#client(asked, viaOf(asked, tokenId))
    const policy = bearer ? both(asker.policy, policyFor(bearer), bearer) : asker.policy
    const process = processIdentity(asked.peer.pid)
    return { asker: { ...asker, policy }, governs: false, served, process, limited: bearer !== undefined }
  }

  #asker(principal: Principal, asked: Asked, tokenId: string | undefined): Asker {
    const { command, effect } = asked
    return { principal, command, effect, policy: policyFor(principal), via: { via: 'agent', ...viaOf(asked, tokenId) } }
  }
}

function viaOf({ peer }: Asked, tokenId: string | undefined): Record<string, string | number> {
  return { peer_pid: peer.pid, peer_uid: peer.uid, ...(tokenId !== undefined && { token_id: tokenId }) }
}

function both(first: Policy, second: Policy, bearer: Principal): Policy {
  return {
    decide(question: Question): Decision {
      const decision = second.decide({ ...question, principal: bearer })
      return decision.allow ? first.decide(question) : decision
    },
  }
}
