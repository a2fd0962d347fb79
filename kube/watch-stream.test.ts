import { expect, test } from 'vitest'
import { ConnectionError } from './errors.ts'
import { aConfigMap, watchLine } from './testing.ts'
import { watchEvents } from './watch-stream.ts'

// How a stream is cut, broken and refused is in http-client.test.ts, over a real connection.

async function* chunksOf(bytes: Uint8Array, size: number) {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size)
}

async function read(text: string, size: number, maxLineBytes = 10_000) {
  const events: string[] = []
  for await (const event of watchEvents(chunksOf(Buffer.from(text), size), maxLineBytes))
    events.push(event.type)
  return events
}

test.each([1, 7, 64, 100_000])('chunks of %i bytes give the same events', async size => {
  const text = `${watchLine('ADDED', aConfigMap('zoë'))}\n${watchLine('BOOKMARK', aConfigMap('b'))}`
  expect(await read(text, size)).toEqual(['ADDED', 'BOOKMARK'])
})

test('a line that never ends is refused before it fills the memory', async () => {
  const endless = read('x'.repeat(5000), 100, 1000)
  await expect(endless).rejects.toThrow('larger than 1000 bytes')
  await expect(endless).rejects.toBeInstanceOf(ConnectionError)
  expect(await read(watchLine('ADDED', aConfigMap('a')).repeat(100), 100, 1000)).toHaveLength(100)
})
