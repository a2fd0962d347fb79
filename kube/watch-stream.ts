import { ApiError, ConnectionError } from './errors.ts'
import { errorOfStatus } from './status.ts'
import type { KubeObject, WatchEvent } from './types.ts'

interface RawEvent {
  readonly type?: string
  readonly object?: unknown
}

/**
 * The events of a watch's answer: one JSON object a line, cut into chunks anywhere (in the middle of a character too).
 * Throws `ApiError` for an ERROR event, so that a 410 in the stream reads as the 410 of a refused request, and
 * `ConnectionError` for a stream that ends in the middle of a line or holds one longer than `maxLineBytes`.
 */
export async function* watchEvents<T extends KubeObject>(
  chunks: AsyncIterable<Uint8Array>,
  maxLineBytes: number,
): AsyncGenerator<WatchEvent<T>, void> {
  for await (const line of lines(chunks, maxLineBytes)) {
    const event = parse(line)
    switch (event.type) {
      case 'ADDED':
      case 'MODIFIED':
      case 'DELETED':
        yield { type: event.type, object: event.object as T }
        break
      case 'BOOKMARK':
        yield {
          type: 'BOOKMARK',
          resourceVersion: (event.object as KubeObject).metadata.resourceVersion ?? '',
        }
        break
      case 'ERROR':
        throw errorOfStatus(event.object)
      default:
        // A type that we do not know could be a change that we would miss: end the watch, and list again.
        throw new ApiError(500, 'InternalError', 'the server sent a watch event of an unknown type')
    }
  }
}

async function* lines(chunks: AsyncIterable<Uint8Array>, maxLineBytes: number): AsyncGenerator<string, void> {
  let parts: Uint8Array[] = []
  let size = 0
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      parts.push(chunk.subarray(start, end))
      const line = Buffer.concat(parts).toString('utf8')
      parts = []
      size = 0
      start = end + 1
      if (line.trim() !== '') yield line
    }
    if (start < chunk.length) {
      parts.push(chunk.subarray(start))
      size += chunk.length - start
      if (size > maxLineBytes) throw new ConnectionError(`a watch event is larger than ${maxLineBytes} bytes`)
    }
  }
  if (size > 0) throw new ConnectionError('the watch was cut in the middle of an event')
}

function parse(line: string): RawEvent {
  try {
    return JSON.parse(line) as RawEvent
  } catch {
    // The parser's own message quotes the text, which is somebody's object.
    throw new ConnectionError('the server sent a watch event that is not JSON')
  }
}
