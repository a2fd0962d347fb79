// The gateway's process: REST under /api/v1 (docs/rest.md), with its metrics on a port of their own.
import { join } from 'node:path'
import { type Logger, pino } from 'pino'
import { sleep, systemClock } from '../../kube/clock.ts'
import { loadConnection } from '../../kube/config.ts'
import { logSafe } from '../../kube/errors.ts'
import { createClient } from '../../kube/http-client.ts'
import { assemble } from './assemble.ts'
import { type Config, readConfig } from './config.ts'
import { Metrics } from './metrics.ts'
import { serveMetrics } from './metrics-server.ts'
import { readPage } from './page/files.ts'
import { buildServer } from './server.ts'

// Long enough for a long poll and a settlement to end; a pod is killed after 30 s.
const shutdownMs = 25_000

// Where hack/build.ts puts it.
const pageFolder = join(import.meta.dirname, '..', '..', 'dist', 'page')

async function run(config: Config, log: Logger): Promise<void> {
  const connection = await loadConnection({
    ...(config.kubeconfig === undefined ? {} : { kubeconfig: config.kubeconfig }),
    ...(config.context === undefined ? {} : { context: config.context }),
  })
  const metrics = new Metrics()
  metrics.collectProcess()
  const client = createClient(connection, {
    fieldManager: 'countersign-gateway',
    userAgent: 'countersign-gateway',
    onAnswer: metrics.onAnswer,
  })
  const page = readPage(pageFolder)
  if (page === undefined) log.warn('there is no page: npm run build makes it')
  const stopping = new AbortController()
  const deps = assemble({
    client,
    clock: systemClock,
    random: Math.random,
    log,
    metrics,
    limits: config.limits,
    sessionTimes: config.sessions,
    stopping: stopping.signal,
    ...(page === undefined ? {} : { page }),
  })
  const { cache, seen } = deps
  const app = await buildServer(deps)
  const leaving = new AbortController()
  const following = Promise.all([cache.run(leaving.signal), seen.run(leaving.signal)])
  const metricsServer = await serveMetrics(metrics, config)
  const url = await app.listen({ host: config.host, port: config.port })
  log.info({ url, metricsUrl: metricsServer.url }, 'listening')

  const stop = async (signal: string) => {
    log.info({ signal }, 'stopping')
    setTimeout(() => process.exit(1), config.drainSeconds * 1000 + shutdownMs).unref()
    stopping.abort()
    await sleep(systemClock, config.drainSeconds * 1000)
    await app.close()
    // Until then: what is drained still reads.
    leaving.abort()
    await following
    await metricsServer.close()
    await client.close()
    log.info('stopped')
  }
  let asked = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // Who asks twice means now.
      if (asked) process.exit(1)
      asked = true
      void stop(signal)
    })
  }
}

const log = pino({ name: 'countersign-gateway' })
try {
  const config = readConfig(process.argv.slice(2), process.env)
  log.level = config.logLevel
  await run(config, log)
} catch (error) {
  log.fatal({ error: logSafe(error) }, 'the gateway could not start')
  process.exit(1)
}
