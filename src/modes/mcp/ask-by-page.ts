// Asks the owner by way of the client: the client is told an address (URL elicitation, revision 2025-11-25), and the page
// behind it takes the owner's word. What the client answers decides nothing but that nobody there wants it.
import { factsOf } from '../../commands/parts/approvals.ts'
import { withoutControls } from '../../lib/names.ts'
import { ApprovalPage } from './approval-http.ts'
import type { Ending, PageOfQuestion, Question } from './host.ts'
import type { Session } from './sdk.ts'

const LONGEST_WORDS = 80
const KEYS_SHOWN = 5

/** What a page says that was open when it was decided elsewhere. */
const ENDINGS: Readonly<Record<Ending, string>> = {
  approved: 'It was allowed elsewhere.',
  denied: 'It was refused.',
  expired: 'It was not decided in time, which is a no.',
  over: 'It is over: the client takes it back, or the vault was locked.',
}

/** Serves the page and has the client show where it is. Throws `failed` when it cannot be served. */
export function askByPage(session: Session, tool: string, question: Question): PageOfQuestion {
  const { waiting, approve, deny } = question
  const { id, seconds_left: seconds } = waiting
  const facts = [{ name: 'Tool', words: tool, claimed: false }, ...factsOf(waiting)]
  const page = new ApprovalPage({ id, facts, seconds, approve, deny })
  const elicitation = crypto.randomUUID()
  const stop = new AbortController()
  const turnedDown = new AbortController()
  const wait = { signal: stop.signal, seconds }
  void session.openPage({ id: elicitation, url: page.url, message: messageOf(question, tool) }, wait).then((answer) => {
    if (answer === 'decline' || answer === 'cancel') turnedDown.abort(answer)
  })
  return {
    turnedDown: turnedDown.signal,
    close(how) {
      page.close(ENDINGS[how])
      session.pageOver(elicitation)
      stop.abort('the question is over')
    },
  }
}

/** One line for a person, with what the client chose cleaned and marked as its words. */
function messageOf({ waiting }: Question, tool: string): string {
  const { id, kind, client, project, keys, purpose } = waiting
  const more = keys.length > KEYS_SHOWN ? ` and ${keys.length - KEYS_SHOWN} more` : ''
  const names = `${keys.slice(0, KEYS_SHOWN).join(', ')}${more} of project ${clean(project)}`
  const what = kind === 'session' ? 'a session of uses' : `${tool} with ${names}`
  const why = purpose === '' ? '' : ` It says, and nobody checked it: "${clean(purpose)}".`
  return `tvault request ${id}: a client that calls itself "${clean(client)}" asks for ${what}.${why} Open the page to allow or refuse it.`
}

/** Letters, digits and harmless signs only: no markup, no address, nothing that cannot be seen. */
function clean(said: string): string {
  return withoutControls(said, ' ')
    .slice(0, LONGEST_WORDS)
    .replace(/[^\p{L}\p{N} ._,;@/()+=-]/gu, '_')
}
