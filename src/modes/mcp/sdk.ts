// The only file that knows the SDK of the Model Context Protocol: sessions, versions, capabilities, cancellation and
// progress are its work. What a tool is, and what it may do, is not known here.
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import {
  CallToolRequestSchema,
  ErrorCode,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListResourcesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
  RootsListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js'
import type { CallResult } from './result.ts'

/** Who is at the other end, as it says itself. */
export interface Client {
  name: string
  version: string
}

/** One call of a tool. */
export interface Call {
  name: string
  arguments: unknown
  signal: AbortSignal
  /** Tells the client how far it is; nothing when it did not ask. */
  progress: (done: number, total: number) => void
}

/** What answers. `undefined` says that there is nothing of that name. */
export interface Answers {
  tools(): Promise<object[]>
  call(call: Call): Promise<CallResult | undefined>
  resources(): Promise<object[]>
  templates(): Promise<object[]>
  resource(uri: string): Promise<string | undefined>
  prompts(): object[]
  prompt(name: string, given: Readonly<Record<string, string>>): { description: string; text: string } | undefined
  /** The client works in other directories now. */
  readRoots(): Promise<void>
}

export interface Session {
  /** Takes one message from the client. */
  receive(message: Record<string, unknown>): void
  /** Undefined before the client said who it is. */
  readonly client: Client | undefined
  /** How many requests are not answered yet. */
  readonly working: number
  toolsChanged(): void
  /** The directories that the client says it works in, as URIs; undefined when it does not say. */
  roots(): Promise<string[] | undefined>
  /** Whether the client shows its user an address to open (capability `elicitation.url`). */
  readonly opensPages: boolean
  /** Has it do so. What it answered; undefined when it gave no answer, or `signal` took the question back. */
  openPage(
    page: { id: string; url: string; message: string },
    wait: { signal: AbortSignal; seconds: number },
  ): Promise<'accept' | 'decline' | 'cancel' | undefined>
  /** Tells it that what the page was about is over. */
  pageOver(id: string): void
  close(): Promise<void>
}

/** A session whose messages go out through `send`. `ready` is called when the client has been greeted. */
export async function startSession(
  about: { name: string; title: string; version: string; instructions: () => string },
  answers: Answers,
  send: (message: unknown) => void,
  ready: () => void,
): Promise<Session> {
  const server = new Server(
    { name: about.name, title: about.title, version: about.version },
    {
      capabilities: { tools: { listChanged: true }, resources: {}, prompts: {} },
      instructions: about.instructions(),
    },
  )
  let working = 0
  /** Counts a request until its answer has gone out. */
  const counted = async <T>(act: () => Promise<T> | T): Promise<T> => {
    working += 1
    try {
      return await act()
    } finally {
      // The answer is sent by whoever awaits this.
      setTimeout(() => (working -= 1), 0)
    }
  }

  server.setRequestHandler(ListToolsRequestSchema, () =>
    counted(async () => ({ tools: (await answers.tools()) as never[] })),
  )
  server.setRequestHandler(CallToolRequestSchema, ({ params }, extra) =>
    counted(async () => {
      const { progressToken } = params._meta ?? {}
      const progress = (done: number, total: number): void => {
        if (progressToken === undefined || extra.signal.aborted) return
        void extra.sendNotification({
          method: 'notifications/progress',
          params: { progressToken, progress: done, total },
        })
      }
      const call = { name: params.name, arguments: params.arguments, signal: extra.signal, progress }
      return (await answers.call(call)) ?? refuse(ErrorCode.InvalidParams, 'there is no such tool for this client')
    }),
  )
  server.setRequestHandler(ListResourcesRequestSchema, () =>
    counted(async () => ({ resources: (await answers.resources()) as never[] })),
  )
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () =>
    counted(async () => ({ resourceTemplates: (await answers.templates()) as never[] })),
  )
  server.setRequestHandler(ReadResourceRequestSchema, ({ params: { uri } }) =>
    counted(async () => {
      const text = (await answers.resource(uri)) ?? refuse(RESOURCE_NOT_FOUND, 'there is no such resource')
      return { contents: [{ uri, mimeType: 'application/json', text }] }
    }),
  )
  server.setRequestHandler(ListPromptsRequestSchema, () => counted(() => ({ prompts: answers.prompts() as never[] })))
  server.setRequestHandler(GetPromptRequestSchema, ({ params }) =>
    counted(() => {
      const found = answers.prompt(params.name, params.arguments ?? {})
      const { description, text } = found ?? refuse(ErrorCode.InvalidParams, 'there is no such prompt')
      return { description, messages: [{ role: 'user' as const, content: { type: 'text' as const, text } }] }
    }),
  )
  server.setNotificationHandler(RootsListChangedNotificationSchema, () => answers.readRoots())
  server.oninitialized = ready

  const transport = {
    onmessage: undefined as ((message: never) => void) | undefined,
    start: async () => undefined,
    close: async () => undefined,
    send: async (message: unknown) => send(message),
  }
  await server.connect(transport as never)
  return {
    receive: (message) => transport.onmessage?.(message as never),
    get client() {
      const client = server.getClientVersion()
      return client && { name: client.name, version: client.version }
    },
    get working() {
      return working
    },
    async roots() {
      if (!server.getClientCapabilities()?.roots) return undefined
      try {
        const { roots } = await server.listRoots({}, { timeout: ROOTS_MILLISECONDS })
        return roots.map(({ uri }) => uri)
      } catch {
        return undefined
      }
    },
    get opensPages() {
      return server.getClientCapabilities()?.elicitation?.url !== undefined
    },
    async openPage({ id, url, message }, { signal, seconds }) {
      try {
        const params = { mode: 'url' as const, elicitationId: id, url, message }
        return (await server.elicitInput(params, { signal, timeout: (seconds + 1) * 1000 })).action
      } catch {
        return undefined
      }
    },
    pageOver: (id) =>
      void server
        .createElicitationCompletionNotifier(id)()
        .catch(() => undefined),
    toolsChanged: () => void server.sendToolListChanged().catch(() => undefined),
    close: () => server.close(),
  }
}

/** Longest wait for the directories of the client. */
const ROOTS_MILLISECONDS = 10_000

/** Defined by the protocol, unknown to the SDK's table. */
const RESOURCE_NOT_FOUND = -32002

function refuse(code: number, message: string): never {
  throw new McpError(code, message)
}
