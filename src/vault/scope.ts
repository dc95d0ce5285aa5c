// The gate at the handle (decision D6): one asker's way to the vault. Every project and key is asked of the policy
// here, whatever the command asked before. A refusal is written down; to anyone but the owner it reads exactly like
// a missing name. Values leave only after `intend` is on disk.
import { Failure } from '../lib/errors.ts'
import { principalName } from '../lib/gate.ts'
import { printable } from '../lib/names.ts'
import { suggest } from '../lib/suggest.ts'
import { projectOf } from './audit.ts'
import { findGroup } from './group-rows.ts'
import { OPERATIONS, actionOf, effectOf } from './operations.ts'
import { allProjects, findProject } from './projects.ts'
import { checkAbsent, currentKeys } from './secrets.ts'
import type { FailureKind } from '../lib/errors.ts'
import type { Asker, Decision, Question } from '../lib/gate.ts'
import type { Reader, Writer } from '../store/store.ts'
import type { AuditNote } from './audit.ts'
import type { StoredGroup } from './group-rows.ts'
import type { Operation } from './operations.ts'
import type { Project } from './projects.ts'
import type { Session } from './session.ts'
import type { AuditEntry } from './view.ts'

/** What an act is about: a key, a project, a group or an environment of it, or without all of them the vault. */
export interface Target {
  project?: string
  key?: string
  version?: number
  group?: string
  environment?: string
}

/** Thrown inside a transaction, where neither names may be searched nor rows written; `explain` makes it a Failure. */
class Missing extends Error {
  readonly target: Target
  constructor(target: Target) {
    super('missing')
    this.target = target
  }
}

class Refused extends Error {
  readonly operation: Operation
  readonly target: Target
  readonly rule: string
  /** What is missing, to everybody but the owner. */
  readonly named: Target
  constructor(operation: Operation, target: Target, rule: string, named: Target) {
    super('refused')
    this.operation = operation
    this.target = target
    this.rule = rule
    this.named = named
  }
}

export class Scope {
  readonly session: Session
  readonly asker: Asker
  #open: { sequence: number; note: AuditNote }[] = []
  /** What the policy was asked for last. */
  #demanded: Operation = OPERATIONS.list
  /** The rule by which it was allowed last. */
  #rule = ''

  constructor(session: Session, asker: Asker) {
    this.session = session
    this.asker = asker
  }

  /** Whether the asker may know the name. */
  sees(project: string, key?: string): boolean {
    return this.#ask(OPERATIONS.list, key === undefined ? { project } : { project, key }).allow
  }

  /** Whether the policy need not be asked for each key: it shows all of the project. */
  seesAllOf(project: string): boolean {
    return this.asker.policy.keyless === true && this.sees(project)
  }

  /** True when the policy allows it. To be used for choosing; `demand` for acting. */
  may(operation: Operation, target: Target): boolean {
    return this.#ask(operation, target).allow
  }

  /** Stops the act when the policy refuses it. `named` is what the asker named, where that is something else. */
  demand(operation: Operation, target: Target = {}, named: Target = target): void {
    this.#demanded = operation
    const decision = this.#ask(operation, target)
    if (!decision.allow) throw new Refused(operation, target, decision.rule, named)
    this.#rule = decision.rule
  }

  /** The owner is stopped by a refused key; for anyone else it is as if the key were not there. */
  allowed(operation: Operation, project: string, key: string): boolean {
    if (this.isOwner) this.demand(operation, { project, key })
    return this.may(operation, { project, key })
  }

  /** Whether a refusal is told as one; everyone else is answered as if the name were missing. */
  get isOwner(): boolean {
    return this.asker.principal.kind === 'owner'
  }

  /** The project called `name`; stops the act when there is none. */
  project(reader: Reader, name: string): Project {
    const project = findProject(reader, name)
    if (project) return project
    throw new Missing({ project: name })
  }

  /** The group called `name`; stops the act when there is none. */
  group(reader: Reader, name: string): StoredGroup {
    return this.found(findGroup(reader, name), { group: name })
  }

  /** `row`; stops the act when it is undefined. */
  found<T>(row: T | undefined, target: Target): T {
    if (row !== undefined) return row
    throw new Missing(target)
  }

  /** Runs `work` and turns what stopped it into the Failure the asker is told. */
  attempt<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw this.#explain(error)
    }
  }

  /** Like `attempt`, for work that waits. */
  async attemptLong<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw this.#explain(error)
    }
  }

  /** An audit row about `target` by this asker. */
  note(operation: Operation, target: Target, rest: Partial<AuditNote> = {}): AuditNote {
    const about = describe(target)
    return {
      action: actionOf(operation, this.asker.command),
      resourceType: about.type,
      resourceName: printable(about.name),
      principal: principalName(this.asker.principal),
      command: this.asker.command,
      phase: 'done',
      result: 'ok',
      ...rest,
      metadata: {
        ...(target.key !== undefined && { project: target.project ?? '' }),
        ...(target.environment !== undefined && { env: target.environment }),
        ...this.asker.via,
        ...(this.asker.principal.kind === 'mcp' && this.#rule !== '' && { rule: this.#rule }),
        ...rest.metadata,
      },
    }
  }

  /** Writes down what has been done, in the transaction that does it. */
  record(writer: Writer, note: AuditNote): void {
    this.#sign(writer, note)
  }

  #sign(writer: Writer, note: AuditNote): number {
    return this.session.sign(writer, note, projectOf(note))
  }

  /** Writes down what the owner decided about an AI agent. */
  decided(metadata: Readonly<Record<string, string>>): void {
    const note = this.note(OPERATIONS.approve, {}, { metadata })
    this.session.commit((writer) => this.record(writer, note))
  }

  /** Writes down that the asker was refused the command, as far as it was about `target`. */
  refused(metadata: Readonly<Record<string, string>>, target: Target): void {
    const note = this.note(OPERATIONS.enter, target, { phase: 'refused', result: 'denied', metadata })
    this.session.commit((writer) => this.record(writer, note))
  }

  /**
   * Runs `look` in a transaction that also writes the intents it returns, and gives the rest back once they are on
   * disk. Without an intent (nothing was found) nothing is written.
   */
  intend<T>(look: (writer: Writer) => { intent: AuditNote | readonly AuditNote[] | undefined; found: T }): T {
    const { opened, found } = this.session.commit((writer) => {
      const { intent = [], found } = look(writer)
      const notes = [intent].flat().map((one): AuditNote => ({ ...one, phase: 'intent', result: '' }))
      return { opened: notes.map((note) => ({ sequence: this.#sign(writer, note), note })), found }
    })
    this.#open.push(...opened)
    return found
  }

  /** Completes the open intents, all in one transaction. */
  settle(result: 'ok' | FailureKind): void {
    const open = this.#open
    if (open.length === 0 || !this.session.unlocked) return
    this.#open = []
    this.session.commit((writer) => {
      for (const { sequence, note } of open) {
        this.record(writer, { ...note, phase: 'outcome', result, metadata: { intent: sequence, ...place(note) } })
      }
    })
  }

  #ask(operation: Operation, target: Target): Decision {
    const { principal, command, effect, policy, act } = this.asker
    // Asked for every key of a list, so it is put together without copies.
    const question: Question = { principal, command, effect: effectOf(operation, effect) }
    if (target.project !== undefined) question.project = target.project
    if (target.key !== undefined) question.key = target.key
    if (act) question.act = act
    return policy.decide(question)
  }

  #explain(error: unknown): unknown {
    if (error instanceof Missing) {
      // Written down like a refusal: else the time it takes would tell which of the two it was.
      if (this.asker.principal.kind === 'token') this.#recordRefusal(this.#demanded, error.target, 'not_found')
      return this.#missing(error.target)
    }
    if (!(error instanceof Refused)) return error
    const { operation, target, rule, named } = error
    this.#recordRefusal(operation, target, 'denied', rule)
    if (!this.isOwner && (named.project ?? named.group) !== undefined) return this.#missing(named)
    const effect = effectOf(operation, this.asker.effect)
    return new Failure('denied', `the policy refuses ${effect} on ${describe(target).words} (${rule})`)
  }

  /** A refusal stands even when it cannot be written down: the vault may be locked, or open for reading only. */
  #recordRefusal(operation: Operation, target: Target, result: 'denied' | 'not_found', rule?: string): void {
    if (!this.session.unlocked) return
    try {
      const metadata = rule === undefined ? {} : { rule }
      const note = this.note(operation, target, { phase: 'refused', result, metadata })
      this.session.commit((writer) => this.record(writer, note))
    } catch (error) {
      if (!(error instanceof Failure)) throw error
    }
  }

  /** What is said about a name that is not there, or must look so. Suggests only names that the asker may know. */
  #missing(target: Target): Failure {
    const { project = '', key, version } = target
    if (target.group !== undefined) return missingGroup(target.group, target.environment)
    return this.session.look((reader) => {
      const known = findProject(reader, project)
      if (!known || key === undefined || !this.sees(project)) {
        const names = allProjects(reader).map((other) => other.name)
        const near = suggest(
          project,
          names.filter((name) => this.sees(name) && name !== project),
        )
        const { principal } = this.asker
        const look = principal.kind === 'identity' ? sharedProjects(principal.projects) : 'tvault projects list'
        return notFound(`no project ${printable(project)}`, near, look)
      }
      // It reads the neighbours, so to the bearer of a token the time would tell how large those are.
      if (this.asker.principal.kind !== 'token') checkAbsent(reader, known, key, version)
      if (version !== undefined && this.sees(project, key)) {
        const words = `no version ${version} of ${printable(key)} in project ${printable(project)}`
        return notFound(words, [], `tvault history ${printable(key)} -p ${quoted(project)}`)
      }
      const names = Array.from(currentKeys(reader, known)).filter((name) => this.sees(project, name) && name !== key)
      const words = `no secret ${printable(key)} in project ${printable(project)}`
      return notFound(words, suggest(key, names), `tvault list -p ${quoted(project)}`)
    })
  }
}

/** To an identity what is not shared does not exist, so the next thing to do is to ask for it. */
function sharedProjects(projects: readonly string[]): string {
  return `this identity reads: ${projects.map(quoted).join(', ')}; the owner shares more with tvault projects share`
}

/** Names of groups are in the clear, but who may not see a group is told nothing about its neighbours. */
function missingGroup(group: string, environment: string | undefined): Failure {
  const words = environment === undefined ? '' : `no environment ${printable(environment)} in `
  return notFound(
    words === '' ? `no environment group ${printable(group)}` : `${words}group ${printable(group)}`,
    [],
    words === '' ? 'tvault env group list' : `tvault env group show ${quoted(group)}`,
  )
}

function notFound(message: string, near: readonly string[], look: string): Failure {
  const hint = near.length === 0 ? look : `did you mean ${near.map(printable).join(' or ')}? see ${look}`
  return new Failure('not_found', message, { hint })
}

function describe(target: Target): { type: string; name: string; words: string } {
  const { project, key, group } = target
  if (group !== undefined) return { type: 'env_group', name: group, words: `environment group ${printable(group)}` }
  if (project === undefined) return { type: 'vault', name: 'vault', words: 'the vault' }
  if (key === undefined) return { type: 'project', name: project, words: `project ${printable(project)}` }
  return { type: 'secret', name: key, words: `${printable(key)} in project ${printable(project)}` }
}

function place(note: AuditNote): AuditEntry['metadata'] {
  const project = note.metadata['project']
  return project === undefined ? {} : { project }
}

function quoted(name: string): string {
  return /^[\w.@%+=:,/-]+$/.test(name) ? name : `'${printable(name).replaceAll("'", "'\\''")}'`
}
