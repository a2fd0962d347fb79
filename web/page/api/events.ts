import type { Api } from './client.ts'
import type { StreamEvent } from './types.ts'

/** What a stream tells besides its events. */
export interface Hearing {
  /** The stream is open: what happens from now on is heard. */
  opened(): void
  event(event: StreamEvent): void
  /** It is not, for this reason; it will be tried again. `mayNot`: one may not read the project, or there is none. */
  lost(why: string, mayNot: boolean): void
}

/**
 * Follows a project's events until `signal`, coming back with the last id after each loss: with growing waits, at most
 * ten seconds, or until `waker` dispatches `wake`. A stream that is silent for 45 s is dead (the gateway sends a comment
 * more often).
 */
export async function follow(
  api: Api,
  project: string,
  hearing: Hearing,
  signal: AbortSignal,
  waker: EventTarget = new EventTarget(),
): Promise<void> {
  let last = ''
  let failures = 0
  while (!signal.aborted) {
    try {
      const ended = await listen(api, project, last, signal, {
        opened: () => {
          failures = 0
          hearing.opened()
        },
        id: id => {
          last = id
        },
        event: hearing.event,
      })
      if (signal.aborted) return
      hearing.lost(ended, false)
    } catch (error) {
      if (signal.aborted) return
      const { message, status } = error as { message: string; status?: number }
      const mayNot = status === 403 || status === 404
      hearing.lost(message, mayNot)
      // A right that comes back is not waited for by many quick questions.
      if (mayNot) failures = 9
    }
    await pause(Math.min(10_000, 300 * 2 ** failures++) * (0.7 + 0.6 * Math.random()), signal, waker)
  }
}

interface Listener {
  opened(): void
  id(id: string): void
  event(event: StreamEvent): void
}

async function listen(
  api: Api,
  project: string,
  last: string,
  signal: AbortSignal,
  to: Listener,
): Promise<string> {
  const silence = new AbortController()
  const either = AbortSignal.any([signal, silence.signal])
  let timer = setTimeout(() => silence.abort(), 45_000)
  const headers: Record<string, string> = last === '' ? {} : { 'last-event-id': last }
  let why = 'The connection to the gateway was lost.'
  try {
    const { body } = await api.open(`/projects/${project}/events`, { headers, signal: either })
    if (body === null) return why
    to.opened()
    let rest = ''
    const reader = body.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return why
      clearTimeout(timer)
      timer = setTimeout(() => silence.abort(), 45_000)
      const blocks = (rest + value).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) {
        const event = take(block, to)
        if (event?.type === 'Closed') why = event.detail
      }
    }
  } catch (error) {
    if (silence.signal.aborted && !signal.aborted) return 'The gateway has been silent for too long.'
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** One event of the stream; an id without data only moves the last id on. */
function take(block: string, to: Listener): StreamEvent | undefined {
  let data = ''
  let id: string | undefined
  for (const line of block.split('\n')) {
    if (line.startsWith('data:')) data += line.slice(5).trimStart()
    if (line.startsWith('id:')) id = line.slice(3).trim()
  }
  const event = data === '' ? undefined : (JSON.parse(data) as StreamEvent)
  if (event !== undefined) to.event(event)
  // After its event was taken, so that what failed is told again.
  if (id !== undefined) to.id(id)
  return event
}

function pause(ms: number, signal: AbortSignal, waker: EventTarget): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => {
    const over = new AbortController()
    const now = () => {
      clearTimeout(timer)
      over.abort()
      resolve()
    }
    const timer = setTimeout(now, ms)
    signal.addEventListener('abort', now, over)
    waker.addEventListener('wake', now, over)
    // Back on the network: no reason to wait.
    globalThis.addEventListener?.('online', now, over)
  })
}
