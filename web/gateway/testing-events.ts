// Reads Server-Sent Events in tests.
import type { TestGateway } from './testing.ts'

export interface ReceivedEvent {
  readonly id: string
  // biome-ignore lint/suspicious/noExplicitAny: tests read events of every shape
  readonly data: any
}

export interface Listening {
  readonly status: number
  readonly headers: Headers
  /** What came so far, `Reset` and `Closed` too. */
  readonly events: readonly ReceivedEvent[]
  /** The last id, also one that came without an event. */
  lastID(): string
  /** Resolves when the server has ended it. */
  readonly ended: Promise<void>
  leave(): Promise<void>
}

/** Opens an event stream of a project, and resolves when it has begun. */
export async function listen(
  gateway: TestGateway,
  token: string,
  project: string,
  lastEventID?: string,
): Promise<Listening> {
  const abort = new AbortController()
  const answer = await fetch(`${gateway.url}/api/v1/projects/${project}/events`, {
    headers: {
      authorization: `Bearer ${token}`,
      ...(lastEventID === undefined ? {} : { 'last-event-id': lastEventID }),
    },
    signal: abort.signal,
  })
  const events: ReceivedEvent[] = []
  const begun = Promise.withResolvers<void>()
  let lastID = ''
  const take = (block: string) => {
    const field = (name: string) =>
      block
        .split('\n')
        .find(line => line.startsWith(`${name}: `))
        ?.slice(name.length + 2)
    lastID = field('id') ?? lastID
    const data = field('data')
    if (data !== undefined) events.push({ id: lastID, data: JSON.parse(data) })
    // The first comment comes once the stream hears of everything.
    if (block.startsWith(':')) begun.resolve()
  }
  const ended = (async () => {
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of answer.body ?? []) {
      const blocks = (text + decoder.decode(chunk, { stream: true })).split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) take(block)
    }
  })()
    .catch(error => {
      if (!abort.signal.aborted) throw error
    })
    .finally(() => begun.resolve())
  await begun.promise
  return {
    status: answer.status,
    headers: answer.headers,
    events,
    lastID: () => lastID,
    ended,
    async leave() {
      abort.abort()
      await ended
    },
  }
}
