// A process of its own that leads by a Lease, for leader.cluster.test.ts: it says on standard output what happens, and
// works (says `tick`) while it believes that it leads.
import { setTimeout as delay } from 'node:timers/promises'
import { loadConnection } from './config.ts'
import { createClient } from './http-client.ts'
import { LeaderElector } from './leader.ts'

const [kubeconfig = '', namespace = '', name = '', identity = ''] = process.argv.slice(2)
const say = (what: string) => process.stdout.write(`${what} ${Date.now()}\n`)

const client = createClient(await loadConnection({ kubeconfig }))
const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())
const elector = new LeaderElector({
  client,
  namespace,
  name,
  identity,
  leaseDurationMs: 3000,
  renewDeadlineMs: 2000,
  retryPeriodMs: 400,
  onLost: () => say('lost'),
  async onStarted(signal) {
    say('started')
    while (!signal.aborted) {
      // As a controller asks before an effect.
      if (elector.isLeading) say('tick')
      await delay(10)
    }
  },
})
say('waiting')
say(await elector.run(stop.signal))
await client.close()
