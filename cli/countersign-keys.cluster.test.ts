// The plugin against the real gateway, on a real API server.
import { expect, it, onTestFinished } from 'vitest'
import { installPlugins } from '../hack/plugintesting.ts'
import { cluster } from '../hack/testing.ts'
import { keyWorld, storedKey } from '../web/gateway/keys/testing-cluster.ts'
import { haveTokens } from '../web/gateway/testing-cluster.ts'

const alice = 'alice@acme.com'
const carol = 'carol@acme.com'

it.skipIf(!haveTokens())(
  'keys are made, used, seen and revoked with the token that kubectl uses',
  async () => {
    const plugins = await installPlugins()
    const world = await keyWorld('cli-keys')
    onTestFinished(() => world.close())
    const where = ['-n', world.namespace, '--gateway', world.gateway.url]
    const keys = (who: string, ...args: string[]) =>
      plugins.kubectl(who, 'countersign', 'keys', ...args, ...where)

    const made = await keys(carol, 'create', '--name', 'nightly report', '--expires', '30d', '--read-only')
    expect(made.code).toBe(0)
    expect(made.out).toMatch(/^csk_[a-z0-9]{16}_[a-z0-9]{52}\n$/)
    const key = made.out.trim()
    const id = key.split('_')[1] ?? ''
    expect(made.err).toContain(
      `API key ${id} (nightly report): acts as ${carol} in project ${world.namespace}`,
    )
    expect(made.err).not.toContain(key)
    expect((await storedKey(id))?.spec).toMatchObject({ user: carol, readOnly: true, name: 'nightly report' })

    const seen = await keys(carol, 'list', '-o', 'json')
    expect(JSON.parse(seen.out).items).toMatchObject([{ id, user: carol, readOnly: true }])
    expect((await keys(alice, 'list')).out).toContain(`${id}   nightly report   ${carol}`)
    expect((await world.withKey(key).get(`${world.base}/approvals`)).status).toBe(200)

    // A stranger is told so in the gateway's words, a certificate what to do.
    expect(await keys('mallory@acme.com', 'create', '--name', 'x')).toMatchObject({ code: 4, out: '' })
    const certificate = await keys(cluster().kubeconfig, 'list')
    expect(certificate).toMatchObject({ code: 4, err: expect.stringContaining('COUNTERSIGN_TOKEN') })

    expect(await keys(carol, 'revoke', key)).toEqual({ code: 0, out: `API key ${id} revoked\n`, err: '' })
    expect((await world.withKey(key).get(`${world.base}/approvals`)).status).toBe(401)
    expect((await keys(carol, 'list')).out).toBe(
      `There are no API keys that you may see in project ${world.namespace}.\n`,
    )
    expect(await keys(carol, 'revoke', id)).toMatchObject({ code: 3, out: '' })
  },
)
