// How each command is called in the matrix (matrix.ts), and how much of a vault that call needs. A test compares this
// table with `tvault docs commands --json`: a command without a row fails it.

export const STATES = [
  'fine',
  'no vault',
  'locked',
  'wrong passphrase',
  'busy',
  'corrupt',
  'read-only file system',
  'full disk',
  'full stdout',
  'closed stdout',
  'nobody to ask',
  'HOME unset',
  'no directory named',
] as const
export type State = (typeof STATES)[number]

/**
 * What a call needs, from nothing to everything: `nothing` · `place` must know the directory and takes whatever is
 * there · `names` reads without the key · `mark` writes without the key · `key` needs the passphrase, and writes at
 * least its row in the audit log.
 */
export type Need = 'nothing' | 'place' | 'names' | 'mark' | 'key'

export interface Call {
  need: Need
  /** Behind the words of the command. RECIPIENT stands for the public key of the identity `me`. */
  words?: string
  /** How the call ends when nothing is wrong. Default 0. */
  ends?: number
  /** Where it ends in another way than its need tells. */
  but?: Partial<Record<State, number>>
  /** Asks when `-y` is not said. */
  asks?: true
  /** Writes a file into the folder it stands in, or beside the vault. */
  writes?: true
  /** Standard output belongs to another program, or is text for one. */
  foreign?: 'text' | 'silent'
  /** Standard input. */
  input?: string
}

export const RECIPIENT = 'RECIPIENT'
const NO_AGENT = { need: 'place', ends: 4 } as const
/** Opened by an identity that lies beside the vault. */
const OPENED = { need: 'place', but: { 'no vault': 1 } } as const
const CHEAP = '--kdf-memory 19456 --kdf-passes 2 --kdf-lanes 1'

/** By the words of the command. */
export const CALLS: Readonly<Record<string, Call>> = {
  'agent install': { need: 'place', words: '--dry-run', but: { 'HOME unset': 1 } },
  'agent lock': NO_AGENT,
  'agent logs': { need: 'place' },
  'agent restart': { ...NO_AGENT, but: { 'HOME unset': 1 } },
  'agent start': { need: 'key', words: '--idle 1s', but: { busy: 0 } },
  'agent status': { need: 'place' },
  'agent stop': NO_AGENT,
  'agent token list': NO_AGENT,
  'agent token new': { ...NO_AGENT, words: 'ci' },
  'agent token revoke': { ...NO_AGENT, words: 'ci' },
  'agent uninstall': { ...NO_AGENT, but: { 'HOME unset': 1 } },
  approvals: NO_AGENT,
  'approvals approve': { ...NO_AGENT, words: '3f9a0c11' },
  'approvals deny': { ...NO_AGENT, words: '3f9a0c11' },
  'approvals forgive': NO_AGENT,
  // Nobody can be asked.
  'approvals watch': { need: 'place', ends: 2 },
  audit: { need: 'names' },
  'audit verify': { need: 'key', but: { busy: 0, 'read-only file system': 0 } },
  backup: { need: 'names', words: 'fresh.db', writes: true },
  'ci export': { need: 'key', words: '--provider gitlab' },
  'ci init': { need: 'nothing', words: '--provider gitlab' },
  completion: { need: 'nothing', words: 'bash' },
  copy: { need: 'key', words: 'A C' },
  'decrypt-env': { ...OPENED, words: 'env.sealed' },
  delete: { need: 'key', words: 'A', asks: true },
  diff: { need: 'key', words: '.env --values' },
  'docker build': { need: 'key', words: '-- .', foreign: 'text' },
  'docker compose': { need: 'key', words: '-- ps', foreign: 'text' },
  'docker init': { need: 'nothing' },
  'docker run': { need: 'key', words: '-- image', foreign: 'text' },
  docs: { need: 'nothing' },
  doctor: { need: 'place', but: { corrupt: 1 } },
  'encrypt-env': { need: 'place', words: `.env --recipient ${RECIPIENT} -o fresh.sealed`, writes: true },
  env: { need: 'key' },
  'env diff': { need: 'key', words: 'app --values' },
  'env group add': { need: 'key', words: 'extra --group app -p extra' },
  'env group create': { need: 'key', words: 'other --env one=extra' },
  'env group delete': { need: 'key', words: 'app', asks: true },
  'env group list': { need: 'names' },
  'env group remove': { need: 'key', words: 'staging --group app' },
  'env group show': { need: 'names', words: 'app' },
  'env inherit': { need: 'key', words: '--group app --env staging --from production' },
  'env inherited': { need: 'names', words: '--group app --env preview' },
  'env pin': { need: 'key', words: 'URL --group app --env preview' },
  'env promote': { need: 'key', words: '--all --group app --from production --to staging', asks: true },
  'env seal': { need: 'key', words: `--group app --recipient ${RECIPIENT} -o fresh.sealed` },
  'env unpin': { need: 'key', words: 'PINNED --group app --env preview' },
  export: { need: 'key' },
  generate: { need: 'key', words: 'TOKEN' },
  get: { need: 'key', words: 'A' },
  'git-filter check': { need: 'nothing' },
  'git-filter checkout': { need: 'nothing' },
  'git-filter install': { need: 'nothing', writes: true },
  'git-filter status': { need: 'nothing', ends: 1 },
  'git-filter track': { need: 'nothing', words: '*.secret', writes: true },
  'git-filter uninstall': { need: 'nothing' },
  help: { need: 'nothing' },
  history: { need: 'names', words: 'A' },
  hook: { need: 'nothing', words: 'bash' },
  'hook allow': { need: 'place', words: '.', writes: true },
  'hook deny': { need: 'place', words: '.' },
  'identity export': { ...OPENED, words: 'me --force' },
  'identity list': { need: 'place' },
  'identity new': { need: 'place', words: 'fresh', writes: true },
  import: { need: 'key', words: '.env' },
  init: { need: 'place', words: CHEAP, ends: 10, but: { 'no vault': 0 } },
  'k8s render': { ...OPENED, words: 'sealed.yaml' },
  'key rotate': { need: 'key', words: CHEAP },
  list: { need: 'names' },
  // On a file system that is read-only no server can use a value, so none has to be told.
  lock: { need: 'names', writes: true, but: { 'read-only file system': 0 } },
  // Standard input is closed: nobody asks it anything.
  mcp: { need: 'place', foreign: 'silent', but: { 'no vault': 5 } },
  'mcp install': { need: 'place', words: '--client claude --dry-run' },
  'mcp wrap': { need: 'key', words: '--set X=tvault://A -- true', foreign: 'silent' },
  migrate: { need: 'place', ends: 1 },
  move: { need: 'key', words: 'A C', asks: true },
  open: { ...OPENED, words: 'env.sealed' },
  'policy check': { need: 'names' },
  // An editor needs a terminal.
  'policy edit': { need: 'place', ends: 2 },
  // Nothing is allowed without a policy.
  'policy explain': { need: 'names', words: 'write', ends: 8, but: { 'full stdout': 1 } },
  'policy reset': { need: 'mark' },
  'policy set': { need: 'key', words: 'policy.conf' },
  'policy show': { need: 'names' },
  'projects create': { need: 'key', words: 'fresh' },
  'projects delete': { need: 'key', words: 'extra', asks: true },
  'projects list': { need: 'names' },
  'projects recipients': { need: 'names', words: '-p shared' },
  'projects share': { need: 'key', words: `${RECIPIENT} -p extra` },
  'projects unshare': { need: 'key', words: `${RECIPIENT} -p shared` },
  'projects use': { need: 'mark', words: 'extra' },
  // It looks into the backup with the passphrase, and mends what is corrupt.
  restore: { need: 'place', words: 'backup.db', asks: true, writes: true, but: { 'wrong passphrase': 6, busy: 7 } },
  rollback: { need: 'key', words: 'A --to 1' },
  run: { need: 'key', words: '-- true', foreign: 'silent' },
  seal: { need: 'key', words: `--recipient ${RECIPIENT} -o fresh.sealed` },
  search: { need: 'names' },
  'self-update': { need: 'nothing', ends: 1 },
  set: { need: 'key', words: 'FRESH --stdin', input: 'value' },
  'shell-init': { need: 'key', words: 'bash -p default --allow-unlock', but: { locked: 0 } },
  ssh: { need: 'key', words: 'host -- true', foreign: 'text' },
  status: { need: 'place' },
  sync: { need: 'key', words: 'pull', asks: true },
  tier: { need: 'names' },
  'tier lower': { need: 'key', words: 'A' },
  'tier raise': { need: 'key', words: 'A' },
  unlock: { need: 'key', but: { busy: 0 } },
  version: { need: 'nothing' },
}
