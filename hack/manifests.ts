import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

/** A cluster, as kubectl needs it. */
export interface KubectlTarget {
  /** Path of kubectl. */
  readonly kubectl: string
  /** Path of a kubeconfig. */
  readonly kubeconfig: string
}

/** Runs kubectl and returns what it printed; rejects with what it printed on standard error. */
export async function kubectl(
  target: KubectlTarget,
  args: readonly string[],
  stdin?: string,
): Promise<string> {
  const run = promisify(execFile)(target.kubectl, [`--kubeconfig=${target.kubeconfig}`, ...args], {
    maxBuffer: 64 * 1024 * 1024,
  })
  run.child.stdin?.end(stdin)
  try {
    return (await run).stdout
  } catch (error) {
    const { stderr } = error as { stderr?: string }
    throw new Error(`kubectl ${args[0]} failed: ${stderr?.trim() || String(error)}`, { cause: error })
  }
}

const repository = join(import.meta.dirname, '..')

/** The manifests of one folder of the repository, in the order of their names; none when there is no folder. */
export function manifestsIn(folder: string): readonly string[] {
  const path = join(repository, folder)
  if (!existsSync(path)) return []
  return readdirSync(path)
    .filter(name => name.endsWith('.yaml'))
    .sort()
    .map(name => join(path, name))
}

/** Server-side applies these files, in this order, as their only owner. */
export async function applyFiles(target: KubectlTarget, files: readonly string[]): Promise<void> {
  if (files.length === 0) return
  await kubectl(target, [
    'apply',
    '--server-side',
    '--force-conflicts',
    ...files.flatMap(file => ['-f', file]),
  ])
}

/**
 * Applies what `crds/` ships, CRDs first, then policies and roles, and waits until the kinds are served and the
 * policies refuse.
 */
export async function installApi(target: KubectlTarget): Promise<void> {
  const crds = manifestsIn('crds/manifests')
  if (crds.length > 0) {
    await applyFiles(target, crds)
    await kubectl(target, [
      'wait',
      '--for=condition=Established',
      '--timeout=60s',
      ...crds.flatMap(file => ['-f', file]),
    ])
  }
  const stamps = await servesMutatingPolicies(target)
  const policies = manifestsIn('crds/admission').filter(
    file => stamps || !basename(file).startsWith(stampPrefix),
  )
  await applyFiles(target, [...manifestsIn('crds/rbac'), ...policies])
  if (policies.length > 0) {
    await untilPoliciesRefuse(target)
    await untilCreatesAreTaken(target)
  }
}

/** Files of the policies that Kubernetes before 1.36 does not know; without them the API server stamps no names. */
const stampPrefix = 'stamp-'

/** Whether the API server has MutatingAdmissionPolicy. */
async function servesMutatingPolicies(target: KubectlTarget): Promise<boolean> {
  const served = await kubectl(target, ['get', '--raw', '/apis/admissionregistration.k8s.io/v1'])
  return served.includes('"mutatingadmissionpolicies"')
}

const canary = 'countersign-setup-canary'

const canaryPolicy = JSON.stringify({
  apiVersion: 'v1',
  kind: 'List',
  items: [
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: canary },
      spec: {
        matchConstraints: {
          resourceRules: [
            {
              apiGroups: [''],
              apiVersions: ['v1'],
              resources: ['configmaps'],
              operations: ['CREATE'],
              resourceNames: [canary],
            },
          ],
        },
        validations: [{ expression: 'false', message: canary }],
      },
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: canary },
      spec: { policyName: canary, validationActions: ['Deny'] },
    },
  ],
})

/**
 * Waits until the policies applied so far are enforced. The API server takes up new policies all at once, about
 * once a second and without telling; so one more is added that refuses a thing nobody does, and that is tried.
 */
async function untilPoliciesRefuse(target: KubectlTarget): Promise<void> {
  await kubectl(target, ['apply', '--server-side', '-f', '-'], canaryPolicy)
  try {
    const deadline = performance.now() + 30_000
    while (!(await isRefused(target))) {
      if (performance.now() > deadline) throw new Error('admission policies are not enforced after 30 s')
      await delay(50)
    }
  } finally {
    await kubectl(target, ['delete', '--ignore-not-found', '--wait=false', '-f', '-'], canaryPolicy)
  }
}

const made = (kind: string, name: string, spec: object) => ({
  apiVersion: 'countersign.dev/v1alpha1',
  kind,
  metadata: { name, namespace: 'default' },
  spec,
})

/** One of each kind that a mutating policy matches. */
const creates = [
  made('AgentRun', canary, { agentRef: { name: canary }, input: 'x' }),
  made('Agent', canary, { model: { provider: 'OpenAI', name: canary }, systemPrompt: 'x' }),
  made('Project', 'project', { members: [{ user: canary, role: 'Owner' }] }),
].map(object => JSON.stringify(object))

/**
 * Waits until runs, agents and projects can be created. The server's mutating policies learn of new kinds some seconds
 * after the kinds are served, and after each start of the server, kind by kind; until then every create that one of
 * them matches is refused ("There can be a delay").
 */
export async function untilCreatesAreTaken(target: KubectlTarget): Promise<void> {
  const deadline = performance.now() + 60_000
  await Promise.all(creates.map(object => untilTaken(target, object, deadline)))
}

async function untilTaken(target: KubectlTarget, object: string, deadline: number): Promise<void> {
  for (;;) {
    try {
      await kubectl(target, ['create', '--dry-run=server', '-f', '-'], object)
      return
    } catch (error) {
      const text = String(error)
      // Only after admission is it looked whether there is one already.
      if (text.includes('AlreadyExists')) return
      if (!text.includes('There can be a delay') || performance.now() > deadline) throw error
    }
    await delay(100)
  }
}

async function isRefused(target: KubectlTarget): Promise<boolean> {
  try {
    await kubectl(target, ['create', 'configmap', canary, '--namespace=default', '--dry-run=server'])
    return false
  } catch (error) {
    if (String(error).includes(canary)) return true
    throw error
  }
}
