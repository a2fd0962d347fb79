import { finished } from 'node:stream/promises'
import { describe, expect, test } from 'vitest'
import { settled, TestClock } from '../../../kube/testing.ts'
import { EventStream } from './stream.ts'

function open(maxBacklog?: number) {
  const clock = new TestClock()
  const ended: string[] = []
  const onEnd = (reason: string) => void ended.push(reason)
  const stream = new EventStream({ clock, onEnd, ...(maxBacklog === undefined ? {} : { maxBacklog }) })
  return { clock, ended, stream }
}

const reset = { type: 'Reset', reason: 'x' } as const

describe('a stream of events', () => {
  test('should be what EventSource reads: ids, data on one line, comments, and an end with its reason', async () => {
    const { stream, ended } = open()
    stream.retryAfter(2000)
    stream.beat('1-1-1')
    stream.send({ type: 'Reset', reason: 'two\nlines' }, '1-2-1')
    stream.close('Forbidden', 'No more.')
    let text = ''
    for await (const chunk of stream) text += chunk
    expect(text.split('\n\n')).toEqual([
      'retry: 2000',
      ': \nid: 1-1-1',
      'id: 1-2-1\ndata: {"type":"Reset","reason":"two\\nlines"}',
      'data: {"type":"Closed","reason":"Forbidden","detail":"No more."}',
      '',
    ])
    expect(ended).toEqual(['Forbidden'])
  })

  test('should cut a reader who does not read, tell them why, and hold no more than the bound', async () => {
    const { clock, stream, ended } = open(1000)
    for (let i = 0; i < 500; i++) stream.send(reset, '1-1-1')
    expect(ended).toEqual(['TooSlow'])
    expect(stream.readableLength).toBeLessThan(1200)
    expect(stream.destroyed).toBe(false)
    // Who still reads nothing is left behind.
    const closed = finished(stream).catch(() => {})
    await clock.advance(5000)
    expect(stream.destroyed).toBe(true)
    await closed
  })

  test('should take no more once it has ended, and end once', () => {
    const { stream, ended } = open()
    stream.close('Stopping', '')
    const length = stream.readableLength
    stream.send(reset, '1-1-1')
    stream.close('Forbidden', '')
    expect(stream.readableLength).toBe(length)
    expect(ended).toEqual(['Stopping'])
  })

  test('should say that its reader left', async () => {
    const { clock, stream, ended } = open()
    stream.destroy()
    await settled()
    expect(ended).toEqual(['Left'])
    expect(clock.pending()).toEqual([])
  })
})
