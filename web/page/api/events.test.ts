import { expect, test } from 'vitest'
import type { Api } from './client.ts'
import { follow } from './events.ts'
import type { StreamEvent } from './types.ts'

/** A gateway whose streams say these texts, one stream after the other. */
function gateway(...streams: readonly (readonly string[] | Error)[]) {
  const asked: (string | undefined)[] = []
  const left = [...streams]
  const open: Api['open'] = async (_, init) => {
    asked.push(new Headers(init?.headers).get('last-event-id') ?? undefined)
    const next = left.shift()
    if (next instanceof Error) throw next
    const chunks = (next ?? []).map(text => new TextEncoder().encode(text))
    return new Response(
      new ReadableStream({
        start(controller) {
          for (const chunk of chunks) controller.enqueue(chunk)
          controller.close()
        },
      }),
    )
  }
  return { api: { open } as Api, asked }
}

async function heard(api: Api, streams: number) {
  const stop = new AbortController()
  const events: StreamEvent[] = []
  const lost: [string, boolean][] = []
  await follow(
    api,
    'shop',
    {
      opened: () => {},
      event: event => events.push(event),
      lost: (why, mayNot) => {
        lost.push([why, mayNot])
        if (lost.length === streams) stop.abort()
      },
    },
    stop.signal,
  )
  return { events, lost }
}

test('events come over as they were sent, however the network cuts them', async () => {
  const { api } = gateway(['id: 1-1-1\nda', 'ta: {"type":"Reset","reason":"x"}', '\n\n: still here\n\n'])
  expect((await heard(api, 1)).events).toEqual([{ type: 'Reset', reason: 'x' }])
})

test('it comes back with the last id, also one that came without data', async () => {
  const { api, asked } = gateway(['id: 1-1-1\ndata: {"type":"Reset","reason":"x"}\n\nid: 2-1-1\n\n'], [])
  await heard(api, 2)
  expect(asked).toEqual([undefined, '2-1-1'])
})

test('where the right is lost it says so and asks rarely; where a stream says why it ends, that is the reason', async () => {
  const { api } = gateway(
    ['data: {"type":"Closed","reason":"Stopping","detail":"The gateway stops."}\n\n'],
    Object.assign(new Error('You may not read shop.'), { status: 403 }),
  )
  expect((await heard(api, 2)).lost).toEqual([
    ['The gateway stops.', false],
    ['You may not read shop.', true],
  ])
})

test('it comes back at once where somebody asks it to', async () => {
  const { api, asked } = gateway(
    Object.assign(new Error('You may not read shop.'), { status: 403 }),
    Object.assign(new Error('Still not.'), { status: 403 }),
  )
  const stop = new AbortController()
  const waker = new EventTarget()
  const begun = performance.now()
  const lost = (why: string) => {
    // After it has begun to wait.
    if (why === 'Still not.') stop.abort()
    else setTimeout(() => waker.dispatchEvent(new Event('wake')))
  }
  await follow(api, 'shop', { opened: () => {}, event: () => {}, lost }, stop.signal, waker)
  expect(asked).toHaveLength(2)
  expect(performance.now() - begun).toBeLessThan(5000)
})
