// Loaded by `node --import` before the operator: fail points in its transport. Nothing of them is in the operator itself,
// so no build of it can hold one; this folder is not shipped.
//
//   COUNTERSIGN_FAILPOINT=before:Tool:Called  kills the process with SIGKILL as it is about to do that
//   COUNTERSIGN_FAILPOINT=after:Tool:Called   ... when the whole answer is there, before anything is done with it
//   COUNTERSIGN_FAILPOINT_RUNS=NAME,NAME      only for requests whose path or body names one of these runs; those of all of
//                                             them are held at the point until the last is there, and die together
//   COUNTERSIGN_EFFECTS=FILE                  writes the name of every effect on those runs to FILE, a line each

import { appendFileSync } from 'node:fs'
import { type Dispatcher, Pool } from 'undici'
import { effectsOf } from './effect.ts'

const [, side, wanted] = /^(before|after):(.+)$/.exec(process.env.COUNTERSIGN_FAILPOINT ?? '') ?? []
const runs = (process.env.COUNTERSIGN_FAILPOINT_RUNS ?? '').split(',')
const file = process.env.COUNTERSIGN_EFFECTS

const here = new Set<string>()

/** Holds a run at the point; the last of them ends the process as `kill -9` from outside would: nothing of it runs on. */
const arrive = (run: string): void => {
  here.add(run)
  if (here.size < runs.length) return
  process.kill(process.pid, 'SIGKILL')
  for (;;); // The signal is there before the call returns.
}

const headersOf = (given: Dispatcher.DispatchOptions['headers']): Record<string, string> => {
  if (!given) return {}
  const pairs: unknown[] = Array.isArray(given)
    ? given
    : Symbol.iterator in given
      ? [...given].flat()
      : Object.entries(given).flat()
  const headers: Record<string, string> = {}
  for (let index = 0; index < pairs.length; index += 2)
    headers[String(pairs[index]).toLowerCase()] = String(pairs[index + 1])
  return headers
}

/** Like `handler`, but the run is held when the whole answer has come. */
const heldAtItsEnd = (handler: Dispatcher.DispatchHandler, run: string): Dispatcher.DispatchHandler =>
  new Proxy(handler, {
    get: (target, name) => {
      if (name === 'onResponseEnd' || name === 'onComplete') return () => arrive(run)
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })

const dispatch = Pool.prototype.dispatch
Pool.prototype.dispatch = function (options, handler) {
  const body = typeof options.body === 'string' ? options.body : undefined
  const path = String(options.path)
  const run = runs.find(one => path.includes(one) || body?.includes(one))
  if (run === undefined) return dispatch.call(this, options, handler)
  const effects = effectsOf({ method: options.method, path, headers: headersOf(options.headers), body })
  if (file !== undefined && effects.length > 0) appendFileSync(file, `${effects.join('\n')}\n`)
  if (wanted === undefined || !effects.includes(wanted)) return dispatch.call(this, options, handler)
  if (side === 'after') return dispatch.call(this, options, heldAtItsEnd(handler, run))
  arrive(run)
  return true
}
