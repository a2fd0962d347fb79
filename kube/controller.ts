import { randomUUID } from 'node:crypto'
import { systemClock } from './clock.ts'
import { ApiError, isConflict, isNotFound, logSafe } from './errors.ts'
import { refOf } from './keys.ts'
import { type Logger, silentLogger } from './logger.ts'
import { type ControllerMetrics, noControllerMetrics, type ReconcileResult } from './metrics.ts'
import type { Clock, Key, ObjectRef } from './types.ts'
import type { WorkQueue } from './workqueue.ts'

/** What a reconcile may want to know besides the key. */
export interface ReconcileContext {
  /** The key, taken apart. */
  readonly ref: ObjectRef
  /** Aborted when the controller stops. The controller waits for the reconcile all the same. */
  readonly signal: AbortSignal
  /** Its lines hold controller, namespace, name and reconcileID. */
  readonly logger: Logger
  readonly reconcileID: string
}

/** `requeueAfterMs`: look at this key again after that time, whatever happens. */
export interface Requeue {
  readonly requeueAfterMs?: number
}

/**
 * Makes the world look as the object of this key says, from whatever state it is in; it is never told why it was
 * called. To throw is to be called again, after a wait that grows.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a reconcile that has nothing to say returns nothing
export type Reconcile = (key: Key, context: ReconcileContext) => Promise<Requeue | undefined | void>

export interface ControllerOptions {
  readonly name: string
  readonly queue: WorkQueue
  readonly reconcile: Reconcile
  /** Reconciles at once, of different keys. Default 1. */
  readonly concurrency?: number
  /** What must be there before the first reconcile: the reflectors that it reads from. */
  readonly caches?: readonly { synced(): Promise<void> }[]
  readonly logger?: Logger
  readonly metrics?: ControllerMetrics
  readonly clock?: Clock
  readonly newID?: () => string
}

export interface Controller {
  readonly name: string
  /** Works until the signal aborts, and resolves when what was in hand is done. It never rejects. */
  run(signal: AbortSignal): Promise<void>
}

/** A race that another try resolves is not worth a line, unless it goes on and on. */
const quietTries = 5

export function controller(options: ControllerOptions): Controller {
  return { name: options.name, run: signal => run(options, signal) }
}

async function run(options: ControllerOptions, signal: AbortSignal): Promise<void> {
  const { name, queue, concurrency = 1, caches = [], logger = silentLogger } = options
  const log = logger.child({ controller: name })
  const stopped = Promise.withResolvers<void>()
  const stop = () => stopped.resolve()
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  await Promise.race([Promise.all(caches.map(cache => cache.synced())), stopped.promise])
  if (!signal.aborted) {
    log.info({ workers: concurrency }, 'controller started')
    const work = worker(options, log, signal)
    const workers = Array.from({ length: concurrency }, work)
    await stopped.promise
    await Promise.all([queue.stop(), ...workers])
  }
  await queue.stop()
  log.info({}, 'controller stopped')
}

function worker(options: ControllerOptions, log: Logger, signal: AbortSignal): () => Promise<void> {
  const { queue, metrics = noControllerMetrics } = options
  let active = 0
  return async () => {
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
      metrics.active(++active)
      try {
        await reconcileOne(options, log, signal, key)
      } finally {
        metrics.active(--active)
        queue.done(key)
      }
    }
  }
}

async function reconcileOne(
  options: ControllerOptions,
  log: Logger,
  signal: AbortSignal,
  key: Key,
): Promise<void> {
  const { queue, reconcile, metrics = noControllerMetrics, clock = systemClock, newID = randomUUID } = options
  const ref = refOf(key)
  const reconcileID = newID()
  const logger = log.child({ ...ref, reconcileID })
  const start = clock.now()
  let result: ReconcileResult
  try {
    const answer = await reconcile(key, { ref, signal, logger, reconcileID })
    queue.forget(key)
    result = answer?.requeueAfterMs === undefined ? 'success' : 'requeue_after'
    if (answer?.requeueAfterMs !== undefined) queue.addAfter(key, answer.requeueAfterMs)
  } catch (error) {
    result = failed(queue, key, error, logger, signal)
  }
  metrics.reconciled(result, (clock.now() - start) / 1000)
}

function failed(
  queue: WorkQueue,
  key: Key,
  error: unknown,
  logger: Logger,
  signal: AbortSignal,
): ReconcileResult {
  // What was cut short because we stop is no failure: the next process looks at everything.
  if (signal.aborted) return 'requeue'
  const asked = error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1000 : 0
  queue.addRateLimited(key, asked)
  const race = isConflict(error) || isNotFound(error)
  const failures = queue.failures(key)
  const fields = { error: logSafe(error), failures }
  if (race && failures <= quietTries) {
    logger.debug(fields, 'the object changed meanwhile; trying again')
    return 'requeue'
  }
  logger.error(fields, 'reconcile failed; trying again')
  return 'error'
}
