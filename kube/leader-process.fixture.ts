// A process of its own that leads by a Lease, for leader.cluster.test.ts: it says on standard output what happens, and
// works (says `tick`) as fast as it can while it believes that it leads.
import { setImmediate as turn } from 'node:timers/promises'
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
    let last = 0
    while (!signal.aborted) {
      // As a controller asks before an effect.
      if (elector.isLeading && Date.now() - last >= 20) {
        last = Date.now()
        say('tick')
      }
      await turn()
    }
  },
})
say('waiting')
say(await elector.run(stop.signal))
await client.close()
