import type { Who } from '../../crds/admission/rights/actors.ts'
import type { Deed } from '../../crds/admission/rights/deed.ts'
import type { RawRequest } from '../../kube/client.ts'
import { userOf, type World } from './world.ts'

/** What is sent for a deed on a kind that is not ours. Nothing of it is stored. */
export function foreignRequest(world: World, who: Who, deed: Deed): RawRequest {
  const namespace = world.namespaces[deed.place]
  const rbac = '/apis/rbac.authorization.k8s.io/v1'
  const admission = '/apis/admissionregistration.k8s.io/v1'
  const get = (path: string): RawRequest => ({ method: 'GET', path })
  const post = (path: string, body: object): RawRequest => ({
    method: 'POST',
    path: `${path}?dryRun=All`,
    body,
  })
  const remove = (path: string): RawRequest => ({ method: 'DELETE', path: `${path}?dryRun=All` })
  const account = deed.place === 'system' ? 'countersign-operator' : 'bot'
  const core = `/api/v1/namespaces/${namespace}`
  const me = {
    kind: 'User',
    name: userOf(who, world.namespaces.project),
    apiGroup: 'rbac.authorization.k8s.io',
  }
  switch (`${deed.verbs?.[0]} ${deed.resource}`) {
    case 'list secrets':
      return get(`${core}/secrets?limit=1`)
    case 'create secrets':
      return post(`${core}/secrets`, { metadata: { name: 'rights-try' } })
    case 'list configmaps':
      return get(`${core}/configmaps?limit=1`)
    case 'create configmaps':
      return post(`${core}/configmaps`, { metadata: { name: 'rights-try' } })
    case 'patch configmaps':
      return {
        method: 'PATCH',
        path: `${core}/configmaps/countersign-gateway-seen?dryRun=All`,
        contentType: 'application/merge-patch+json',
        body: { data: { 'rights-try': '2026-11-22T10:00:00.000Z' } },
      }
    case 'list rolebindings':
      return get(`${rbac}/namespaces/${namespace}/rolebindings?limit=1`)
    case 'create rolebindings':
      return post(`${rbac}/namespaces/${namespace}/rolebindings`, {
        metadata: { name: 'rights-try' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'countersign-owner' },
        subjects: [me],
      })
    case 'create serviceaccounts/token':
      return post(`${core}/serviceaccounts/${account}/token`, {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { expirationSeconds: 600 },
      })
    case 'create pods':
      return post(`${core}/pods`, {
        metadata: { name: 'rights-try' },
        spec: { serviceAccountName: account, containers: [{ name: 'a', image: 'a' }] },
      })
    case 'patch leases':
      return {
        method: 'PATCH',
        path: `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${world.lease}?dryRun=All`,
        contentType: 'application/merge-patch+json',
        body: { spec: { holderIdentity: 'thief' } },
      }
    case 'patch clusterroles':
      if (deed.grantedOn === 'people role')
        return {
          method: 'PATCH',
          path: `${rbac}/clusterroles/countersign-gateway-people?dryRun=All`,
          contentType: 'application/merge-patch+json',
          body: {
            rules: [
              {
                apiGroups: ['authentication.k8s.io'],
                resources: ['users'],
                verbs: ['impersonate:user-info'],
              },
            ],
          },
        }
      return {
        method: 'PATCH',
        path: `${rbac}/clusterroles/countersign-member?dryRun=All`,
        contentType: 'application/json-patch+json',
        body: [
          { op: 'add', path: '/rules/-', value: { apiGroups: [''], resources: ['secrets'], verbs: ['get'] } },
        ],
      }
    case 'create clusterrolebindings':
      return post(`${rbac}/clusterrolebindings`, {
        metadata: { name: 'rights-try' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
        subjects: [me],
      })
    case 'delete validatingadmissionpolicies':
      return remove(`${admission}/validatingadmissionpolicies/countersign-decisions`)
    case 'delete validatingadmissionpolicybindings':
      return remove(`${admission}/validatingadmissionpolicybindings/countersign-decisions`)
    case 'delete customresourcedefinitions':
      return remove(
        '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/approvalrequests.countersign.dev',
      )
    case 'delete namespaces':
      return remove(core)
    case 'create subjectaccessreviews':
      return {
        method: 'POST',
        path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
        body: {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SubjectAccessReview',
          spec: {
            user: 'alice@acme.com',
            resourceAttributes: { namespace, verb: 'get', resource: 'secrets' },
          },
        },
      }
  }
  throw new Error(`nothing is known to send to ${deed.what}`)
}
