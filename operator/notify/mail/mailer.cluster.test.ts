// Settings out of a Secret of a real API server, with no more rights than the operator's Role in its own namespace.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { adminClient, clientForServiceAccount, eventually, isAllowed } from '../../../hack/testing.ts'
import { systemClock } from '../../../kube/clock.ts'
import type { KubeObject, Resource } from '../../../kube/types.ts'
import { secrets } from '../../secret.ts'
import { aNotice, IMPATIENT, type MailServer, never, startMailServer } from '../../testing/mail.ts'
import type { Mailer } from '../types.ts'
import { createMailer } from './mailer.ts'

const SYSTEM = 'countersign-system'
const name = `mail-${randomBytes(4).toString('hex')}`
const admin = adminClient()
const serviceAccounts: Resource = {
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  namespaced: true,
}
const roleBindings: Resource = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'RoleBinding',
  plural: 'rolebindings',
  namespaced: true,
}
/** One that holds the operator's Role there and none of its ClusterRoles, as where those were narrowed. */
const client = clientForServiceAccount(SYSTEM, name)
const mayGet = (secret: string) =>
  isAllowed(client, { verb: 'get', group: '', resource: 'secrets', namespace: SYSTEM, name: secret })

let smtp: MailServer
let mailer: Mailer
beforeAll(async () => {
  smtp = await startMailServer()
  mailer = createMailer({
    client,
    namespace: SYSTEM,
    secretName: 'countersign-smtp',
    clock: systemClock,
    patience: IMPATIENT,
  })
  const metadata = { namespace: SYSTEM, name }
  await admin.create(serviceAccounts, { metadata })
  await admin.create(roleBindings, {
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'countersign-operator' },
    subjects: [{ kind: 'ServiceAccount', name, namespace: SYSTEM }],
  } as KubeObject)
  await eventually(() => mayGet('countersign-redaction-key'))
})
afterAll(async () => {
  await mailer.close()
  await smtp.stop()
  await admin.delete(roleBindings, { namespace: SYSTEM, name })
  await admin.delete(serviceAccounts, { namespace: SYSTEM, name })
  await admin.delete(secrets, { namespace: SYSTEM, name: 'countersign-smtp' })
})

test('the Role reaches the Secret by its name, and no other', async () => {
  expect(await mayGet('countersign-smtp')).toBe(true)
  expect(await mayGet('countersign-gateway-session-key')).toBe(false)
  for (const verb of ['list', 'watch', 'update', 'patch', 'delete']) {
    const asked = { verb, group: '', resource: 'secrets', namespace: SYSTEM, name: 'countersign-smtp' }
    expect(await isAllowed(client, asked)).toBe(false)
  }
})

test('mail goes out as soon as the Secret is there', async () => {
  const alice = { address: 'alice@acme.com', name: 'Alice' }
  expect(await mailer.notReady(never)).toContain(
    'kubectl create secret generic countersign-smtp -n countersign-system',
  )
  await admin.create(secrets, {
    metadata: { namespace: SYSTEM, name: 'countersign-smtp' },
    stringData: { url: `smtp://127.0.0.1:${smtp.port}`, from: 'countersign@acme.com', tls: 'Off' },
  })
  expect(await mailer.notReady(never)).toBeUndefined()
  expect(await mailer.send(alice, [aNotice()], never)).toEqual({ state: 'Sent' })
  expect(smtp.arrived.map(({ to }) => to)).toEqual([['alice@acme.com']])
})

test('an operator that may not read it says so', async () => {
  const other = createMailer({ client, namespace: SYSTEM, secretName: 'other-smtp', clock: systemClock })
  expect(await other.notReady(never)).toBe(
    'the operator may not read the Secret other-smtp in countersign-system: its Role there must grant get on that name',
  )
  await other.close()
})
