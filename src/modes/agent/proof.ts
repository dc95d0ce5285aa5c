// What both sides of a token's proof agree on.

/** What the proof is computed over, before the nonce. */
export const PROOF_LABEL = 'tvault-agent-token-2'

/** How many hex digits of its hash name a token, as in the peer's logs. */
export const ID_DIGITS = 8
