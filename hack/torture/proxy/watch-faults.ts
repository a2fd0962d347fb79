import { Transform, type TransformCallback } from 'node:stream'
import type { WatchFault } from './faults.ts'

interface WatchLine {
  readonly type: string
  readonly object: {
    readonly metadata?: { readonly uid?: string; readonly name?: string; readonly namespace?: string }
    readonly [key: string]: unknown
  }
}

const EXPIRED = {
  type: 'ERROR',
  object: {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'too old resource version',
    reason: 'Expired',
    code: 410,
  },
}

/**
 * The lines of a watch, with what goes wrong. `end` is called where the connection is to be cut; `done` is told of each
 * fault.
 */
export const faultyWatch = (
  next: (event: string) => WatchFault | undefined,
  cut: () => void,
  done: (fault: WatchFault['kind']) => void,
): Transform => {
  let rest = ''
  let silent = false
  let over = false
  /** The state of each object before its last one. */
  const before = new Map<string, string>()
  const last = new Map<string, string>()

  const stale = (line: string): string => {
    const uid = (JSON.parse(line) as WatchLine).object.metadata?.uid ?? ''
    return before.get(uid) ?? line
  }
  const remember = (line: string): void => {
    const { type, object } = JSON.parse(line) as WatchLine
    const uid = object.metadata?.uid
    if (uid === undefined || type === 'BOOKMARK') return
    const known = last.get(uid)
    if (known !== undefined) before.set(uid, known)
    last.set(uid, line)
  }

  const give = (stream: Transform, line: string): void => {
    if (silent || over) return
    const { type, object } = JSON.parse(line) as WatchLine
    const fault = next(`${type} ${object.metadata?.namespace ?? ''}/${object.metadata?.name ?? ''}`)
    remember(line)
    if (fault) done(fault.kind)
    switch (fault?.kind) {
      case 'CutLine':
        over = true
        stream.push(line.slice(0, Math.ceil(line.length / 2)))
        // What was written is to arrive first.
        setImmediate(cut)
        return
      case 'Expired':
        over = true
        stream.push(`${JSON.stringify(EXPIRED)}\n`)
        stream.push(null)
        return
      case 'Silent':
        silent = true
        return
      case 'Duplicate':
        stream.push(`${line}\n${line}\n`)
        return
      case 'Stale':
        stream.push(`${line}\n${stale(line)}\n`)
        return
      default:
        stream.push(`${line}\n`)
    }
  }

  return new Transform({
    transform(chunk: Buffer, _encoding, callback: TransformCallback) {
      const lines = (rest + chunk.toString('utf8')).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line !== '') give(this, line)
      callback()
    },
  })
}
