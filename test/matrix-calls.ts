// How each command is called in the matrix (matrix.ts), and how much of a vault that call needs. A test compares this
// table with `tvault docs commands --json`: a new command has no row, and fails it.

/**
 * What a call needs of the vault, from nothing to everything:
 * `nothing` opens none · `place` looks at the directory and takes whatever is there · `names` reads without the key ·
 * `mark` writes without the key · `key` reads or writes with the passphrase, and so writes a row in the audit log.
 */
export type Need = 'nothing' | 'place' | 'names' | 'mark' | 'key'

export interface Call {
  need: Need
  /** Behind the words of the command. RECIPIENT stands for the public key of the identity `me`. */
  words?: string
  /** How the call ends when nothing is wrong. Default 0. */
  ends?: number
  /** Writes nothing to standard output when all is well, or another program's output. */
  silent?: true
  /** Standard output is not JSON even with --json: it belongs to a program that was started, or to git. */
  foreign?: true
  /** Asks when `-y` is not said. */
  asks?: true
  /** Writes a file beside the vault or in the folder it stands in. */
  writes?: true
  /** Standard input. */
  input?: string
}

export const RECIPIENT = 'RECIPIENT'

/** By the words of the command. */
export const CALLS: Readonly<Record<string, Call>> = {
  'agent install': { need: 'nothing', words: '--dry-run' },
  'agent lock': { need: 'nothing', ends: 4, silent: true },
  'agent logs': { need: 'nothing' },
  'agent restart': { need: 'nothing', ends: 4, silent: true },
  'agent start': { need: 'key', words: '--idle 1s', silent: true },
  'agent status': { need: 'nothing', silent: true },
  'agent stop': { need: 'nothing', ends: 4, silent: true },
  'agent token list': { need: 'nothing', ends: 4, silent: true },
  'agent token new': { need: 'nothing', words: 'ci', ends: 4, silent: true },
  'agent token revoke': { need: 'nothing', words: 'ci', ends: 4, silent: true },
  'agent uninstall': { need: 'nothing', ends: 4, silent: true },
  audit: { need: 'names' },
  'audit verify': { need: 'key' },
  backup: { need: 'names', words: 'fresh.db', writes: true },
  'ci export': { need: 'key', words: '--provider gitlab', foreign: true },
  'ci init': { need: 'nothing', words: '--provider gitlab' },
  completion: { need: 'nothing', words: 'bash' },
  copy: { need: 'key', words: 'A C' },
  'decrypt-env': { need: 'place', words: 'env.sealed' },
  delete: { need: 'key', words: 'A', asks: true },
  diff: { need: 'key', words: '.env --values' },
  'docker build': { need: 'key', words: '-- .', foreign: true },
  'docker compose': { need: 'key', words: '-- ps', foreign: true },
  'docker init': { need: 'nothing' },
  'docker run': { need: 'key', words: '-- image', foreign: true },
  docs: { need: 'nothing' },
  doctor: { need: 'place' },
  'encrypt-env': { need: 'nothing', words: `.env --recipient ${RECIPIENT} -o fresh.sealed`, silent: true, writes: true },
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
  'env seal': { need: 'key', words: `--group app --recipient ${RECIPIENT} -o fresh.sealed`, silent: true, writes: true },
  'env unpin': { need: 'key', words: 'PINNED --group app --env preview' },
  export: { need: 'key' },
  generate: { need: 'key', words: 'TOKEN', silent: true },
  get: { need: 'key', words: 'A' },
  'git-filter check': { need: 'nothing' },
  'git-filter checkout': { need: 'nothing', silent: true, writes: true },
  'git-filter install': { need: 'nothing', writes: true },
  'git-filter status': { need: 'nothing', ends: 1 },
  'git-filter track': { need: 'nothing', words: '*.secret', writes: true },
  'git-filter uninstall': { need: 'nothing', writes: true },
  help: { need: 'nothing' },
  history: { need: 'names', words: 'A' },
  hook: { need: 'nothing', words: 'bash' },
  'hook allow': { need: 'place', words: '.', writes: true },
  'hook deny': { need: 'place', words: '.', writes: true },
  'identity export': { need: 'place', words: 'me --force' },
  'identity list': { need: 'place' },
  'identity new': { need: 'place', words: 'fresh', writes: true },
  import: { need: 'key', words: '.env' },
  init: { need: 'place', words: '--kdf-memory 19456 --kdf-passes 2 --kdf-lanes 1', ends: 10, silent: true, writes: true },
  'k8s render': { need: 'place', words: 'sealed.yaml' },
  'key rotate': { need: 'key', words: '--kdf-memory 19456 --kdf-passes 2 --kdf-lanes 1' },
  list: { need: 'names' },
  lock: { need: 'place' },
  migrate: { need: 'place', ends: 1, silent: true },
  move: { need: 'key', words: 'A C', asks: true },
  open: { need: 'place', words: 'env.sealed' },
  'projects create': { need: 'key', words: 'fresh' },
  'projects delete': { need: 'key', words: 'extra', asks: true },
  'projects list': { need: 'names' },
  'projects recipients': { need: 'names', words: '-p shared' },
  'projects share': { need: 'key', words: `${RECIPIENT} -p extra` },
  'projects unshare': { need: 'key', words: `${RECIPIENT} -p shared` },
  'projects use': { need: 'mark', words: 'extra', silent: true },
  restore: { need: 'place', words: 'backup.db', asks: true, writes: true },
  rollback: { need: 'key', words: 'A --to 1', silent: true },
  run: { need: 'key', words: '-- true', foreign: true, silent: true },
  seal: { need: 'key', words: `--recipient ${RECIPIENT} -o fresh.sealed`, silent: true, writes: true },
  search: { need: 'names' },
  'self-update': { need: 'nothing', ends: 1, silent: true },
  set: { need: 'key', words: 'FRESH --stdin', silent: true, input: 'value' },
  'shell-init': { need: 'key', words: 'bash -p default --allow-unlock' },
  ssh: { need: 'key', words: 'host -- true', foreign: true },
  status: { need: 'place' },
  sync: { need: 'key', words: 'pull', asks: true, writes: true },
  unlock: { need: 'key' },
  version: { need: 'nothing' },
}
