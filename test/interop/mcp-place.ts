// A vault with planted values, and one cell of the matrix: a policy, a way to the key, and a server on a copy of it.
import { afterEach } from 'bun:test'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { McpClient } from './mcp-client.ts'
import { Owner } from './mcp-owner.ts'
import { Place, ourBinary, ourPlace } from './peer.ts'

/** None of them is in any name, and each could stand in a real vault. */
export const CANARIES = {
  open: 'canary-open-7Qm4xW9zKd2p/Lr8+tV',
  old: 'canary-old-3Bn6yT1cJf5h&Ms0=uX',
  denied: 'canary-denied-8Gk2vR7sPw4j#Nq6%yZ',
  hidden: 'canary-hidden-5Hd9bL3mXt1f"Cv7\\eA',
  lines: '-----BEGIN CANARY KEY-----\nMIIcanary4Zr8kQ2wE6yU0iO\nPlantedLine9sD3fG7hJ1kL\n-----END CANARY KEY-----',
  typed: 'canary-typed-6Wc0nJ4qYg8b$Ae2!oS',
  passphrase: 'canary passphrase 1Vx5zM9kTr3d',
} as const

export interface Rules {
  mode: 'read-only' | 'read-write' | 'full'
  reads: number
  exec?: boolean
  keys?: readonly string[]
}

/** Every policy hides the project `hidden` and keys like DENIED. */
export function policyText({ mode, reads, exec = false, keys = ['*'] }: Rules): string {
  return [
    `access_mode: ${mode}`,
    `allow_exec: ${exec}`,
    'redact_output: true',
    'projects_allow: ["**"]',
    'projects_deny: ["*hid*"]',
    `secrets_allow: ${JSON.stringify(keys)}`,
    'secrets_deny: ["*denied*"]',
    `max_reads_per_session: ${reads}`,
    '',
  ].join('\n')
}

/** The files of the first vault of a run, for the next ones: all files of tests run in one process. */
const kept = globalThis as { tvaultPlanted?: Map<string, Uint8Array> }

/** A vault with two projects; `default` is the current one. Made once in a run, and copied. */
export function plantedPlace(): Place {
  if (!kept.tvaultPlanted) {
    const made = planted()
    const vault = join(made.folder, 'vault')
    kept.tvaultPlanted = new Map(readdirSync(vault).map((name) => [name, readFileSync(join(vault, name))]))
    return made
  }
  const place = new Place(ourBinary(), { TVAULT_PASSPHRASE: CANARIES.passphrase })
  const vault = join(place.folder, 'vault')
  mkdirSync(vault, { mode: 0o700 })
  for (const [name, bytes] of kept.tvaultPlanted) writeFileSync(join(vault, name), bytes, { mode: 0o600 })
  return place
}

function planted(): Place {
  const place = ourPlace({ TVAULT_PASSPHRASE: CANARIES.passphrase })
  const set = (key: string, value: string, project: string) =>
    place.must(['set', key, '--stdin', '-p', project], { stdin: value })
  for (const name of ['app', 'hidden']) place.must(['projects', 'create', name])
  for (const project of ['app', 'default']) {
    set('OPEN', CANARIES.old, project)
    set('OPEN', CANARIES.open, project)
    set('LINES', CANARIES.lines, project)
    set('MY_DENIED_KEY', CANARIES.denied, project)
  }
  place.must(['env', 'group', 'create', 'shop', '--env', 'one=app', '--env', 'two=default'])
  set('OPEN', CANARIES.hidden, 'hidden')
  set('DEEP', CANARIES.hidden, 'hidden')
  return place
}

/** Vaults with a policy of their own, by the folder they were copied from, what was in it, and the policy. */
const withPolicies = new Map<string, string>()

/** A copy of the vault of `from` in which `own` is stored. Made once, and copied like the vault itself. */
function vaultWith(own: string, from: Place): string {
  const plain = join(from.folder, 'vault')
  const name = [plain, Bun.hash(readFileSync(join(plain, 'vault.db'))), own].join('\n')
  const known = withPolicies.get(name)
  if (known !== undefined) return known
  const vault = join(mkdtempSync(join(from.folder, 'policy-')), 'vault')
  cpSync(plain, vault, { recursive: true })
  from.must(['policy', 'set', '-'], { stdin: own, env: { TVAULT_DIR: vault } })
  withPolicies.set(name, vault)
  return vault
}

/** For a file of tests: the cells that are put into it end with the test. */
export function cellsOfATest(): Cell[] {
  const open: Cell[] = []
  afterEach(() => endAll(open))
  return open
}

export async function endAll(cells: Cell[]): Promise<void> {
  for (const cell of cells.splice(0)) {
    await cell.end()
    cell.remove()
  }
}

/** The matrix asks for much that is refused. */
const PATIENT = ['--refusals', '1000000']

export interface CellWish {
  rules: Rules | undefined
  /** A policy of the vault instead, as text. */
  own?: string
  key: 'passphrase' | 'agent' | 'none'
  /** What the owner says to everything that waits, where an agent has the key; without it nobody is there. */
  owner?: 'yes' | 'no'
  /** Instead of `tvault mcp`. */
  program?: readonly string[]
  words?: readonly string[]
}

export class Cell {
  readonly folder: string
  readonly work: string
  readonly place: Place
  /** Starts another server on the same vault, with other words; the caller ends it. */
  readonly start: (other?: readonly string[]) => McpClient
  /** Files that hold canaries because the test put them there. */
  readonly planted = new Set<string>()

  constructor(from: Place, { rules, own, key, owner, program, words = PATIENT }: CellWish) {
    this.folder = mkdtempSync(join(from.folder, 'cell-'))
    this.work = join(this.folder, 'work')
    const vault = join(this.folder, 'vault')
    mkdirSync(this.work, { mode: 0o700 })
    cpSync(own === undefined ? join(from.folder, 'vault') : vaultWith(own, from), vault, { recursive: true })
    if (rules) writeFileSync(join(vault, 'mcp-policy.yaml'), policyText(rules), { mode: 0o600 })
    this.place = new Place(ourBinary(), { ...from.environment, TVAULT_DIR: vault })
    this.#plant('.env.probe', `OPEN='${CANARIES.open}'\nMY_DENIED_KEY='${CANARIES.denied}'\nNEW=x\n`)
    symlinkSync(join(this.work, '.env.probe'), join(this.work, '.env.link'))
    if (key === 'agent') this.place.must(['unlock'])
    const { TVAULT_PASSPHRASE, ...locked } = this.place.environment
    this.start = (other = words) =>
      new McpClient([...(program ?? [...ourBinary(), 'mcp']), ...other], {
        cwd: this.work,
        env: key === 'passphrase' ? { ...locked, TVAULT_PASSPHRASE: TVAULT_PASSPHRASE ?? '' } : locked,
      })
    this.#agent = key === 'agent'
    if (owner) this.#owner = new Owner(vault, owner, CANARIES.passphrase)
  }

  readonly #agent: boolean
  #owner: Owner | undefined
  #client: McpClient | undefined
  #ended: Promise<number> | undefined

  /** A client of a server of its own, which starts when somebody wants it. */
  get client(): McpClient {
    return (this.#client ??= this.start())
  }

  /** How often the owner was asked, and answered. */
  get decided(): number {
    return this.#owner?.decided ?? 0
  }

  /** Lets the client in again that was refused too often. */
  forgive(): void {
    if (this.#agent) this.place.must(['approvals', 'forgive'])
  }

  /** The whole audit log, as the owner sees it. */
  audit(): string {
    return this.place.must(['audit', '--limit', '1000', '--json']).toString()
  }

  end(): Promise<number> {
    return (this.#ended ??= this.#end())
  }

  async #end(): Promise<number> {
    const code = (await this.#client?.end()) ?? 0
    this.#owner?.leave()
    if (this.#agent) this.place.run(['agent', 'stop'])
    return code
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
    this.place.remove()
  }

  #plant(name: string, text: string): void {
    const path = join(this.work, name)
    writeFileSync(path, text, { mode: 0o600 })
    this.planted.add(path)
  }
}
