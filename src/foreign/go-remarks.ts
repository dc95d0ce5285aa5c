// What of a Go vault does not come over as it was: names that had to change, and what stays behind. Whoever decides
// such a thing writes it down here, so that the report to the owner is complete.
import type { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'

/** A name that had to change. `from` is safe to print. */
export interface Renamed {
  what: 'project' | 'secret' | 'description' | 'group' | 'environment'
  from: string
  to: string
}

/** Something that is not carried over, or not as it was. `name` is safe to print. */
export interface Left {
  what: 'project' | 'recipient' | 'group' | 'environment' | 'inheritance' | 'setting'
  name: string
  why: string
}

export class Remarks {
  readonly renamed: Renamed[] = []
  readonly left: Left[] = []

  leave(what: Left['what'], name: string, why: string): void {
    this.left.push({ what, name: printable(name), why })
  }

  /** Nothing, when the name could stay. */
  rename(what: Renamed['what'], from: string, to: string): void {
    if (from !== to) this.renamed.push({ what, from: printable(from), to })
  }
}

/** More than this is counted, not listed: a file of nothing but damage must not fill the memory. */
const MAX_LISTED = 1000

/** Everything that was found damaged. */
export class Damages {
  readonly listed: string[] = []
  count = 0

  readonly tell = (failure: Failure): void => {
    this.count++
    if (this.listed.length < MAX_LISTED) this.listed.push(failure.message)
  }
}
