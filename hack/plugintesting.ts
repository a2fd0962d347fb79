// Helpers for the cluster tests of cli/: the built plugins, run as a person would, and the operator's part played.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll } from 'vitest'
import type { ApprovalRequest, ApprovalRequestStatus } from '../crds/v1alpha1/approvalrequest.ts'
import type { Member } from '../crds/v1alpha1/project.ts'
import { approvalRequests, projects } from '../crds/v1alpha1/resources.ts'
import { sampleApprovalRequest } from '../crds/v1alpha1/samples.ts'
import type { KubeObject } from '../kube/types.ts'
import { buildPlugins } from './build.ts'
import { adminClient, clientForServiceAccount, cluster } from './testing.ts'

const GROUP = 'rbac.authorization.k8s.io'
const roleBindings = {
  group: GROUP,
  version: 'v1',
  kind: 'RoleBinding',
  plural: 'rolebindings',
  namespaced: true,
}

export const operator = () => clientForServiceAccount('countersign-system', 'countersign-operator')

/** Makes these people (or `{group}`) members of the project. */
export async function addMembers(
  namespace: string,
  members: readonly (string | { readonly group: string })[],
): Promise<void> {
  const binding = {
    metadata: { name: 'countersign-members', namespace },
    roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: 'countersign-member' },
    subjects: members.map(member =>
      typeof member === 'string'
        ? { apiGroup: GROUP, kind: 'User', name: member }
        : { apiGroup: GROUP, kind: 'Group', name: member.group },
    ),
  }
  await adminClient().create(roleBindings, binding)
}

const CLUSTER_ROLES = { Owner: 'countersign-owner', Admin: 'countersign-admin', Member: 'countersign-member' }

/** Makes a namespace a project with these members, and RBAC of it as the operator does. */
export async function makeProject(namespace: string, members: readonly Member[]): Promise<void> {
  const { metadata } = await adminClient().create(projects, {
    metadata: { name: 'project', namespace },
    spec: { members: [...members] },
  })
  for (const [role, name] of Object.entries(CLUSTER_ROLES)) {
    const subjects = members
      .filter(member => member.role === role)
      .map(({ user, group }) => ({
        apiGroup: GROUP,
        ...(user === undefined ? { kind: 'Group', name: group } : { kind: 'User', name: user }),
      }))
    const roleRef = { apiGroup: GROUP, kind: 'ClusterRole', name }
    await adminClient().create(roleBindings, {
      metadata: { name, namespace },
      roleRef,
      subjects,
    } as KubeObject)
  }
  const body = { status: { observedGeneration: metadata.generation } }
  const ref = { namespace, name: 'project' }
  await operator().patch(projects, ref, { type: 'merge', body }, { subresource: 'status' })
}

/** Creates a request as the operator does. */
export function ask(
  namespace: string,
  name: string,
  spec: Partial<ApprovalRequest['spec']> = {},
): Promise<ApprovalRequest> {
  const sample = sampleApprovalRequest(namespace, name)
  return operator().create(approvalRequests, { ...sample, spec: { ...sample.spec, ...spec } })
}

/** Settles a request as the operator does. */
export async function settle(
  namespace: string,
  name: string,
  status: Partial<ApprovalRequestStatus>,
): Promise<void> {
  const patch = { type: 'merge', body: { status } } as const
  await operator().patch(approvalRequests, { namespace, name }, patch, { subresource: 'status' })
}

const SETTLED = { Approve: 'Approved', Reject: 'Rejected' } as const

/** Settles a request as the operator does, as soon as somebody has decided it. */
export async function settleOnceDecided(namespace: string, name: string): Promise<void> {
  const selection = { namespace, fieldSelector: `metadata.name=${name}`, signal: AbortSignal.timeout(45_000) }
  for await (const event of operator().watch(approvalRequests, selection)) {
    const decided = event.type === 'BOOKMARK' ? undefined : event.object.status.decisions[0]
    if (!decided) continue
    const decidedAt = new Date().toISOString()
    return settle(namespace, name, { phase: SETTLED[decided.verdict], decidedAt })
  }
}

export const read = (namespace: string, name: string): Promise<ApprovalRequest> =>
  adminClient().get(approvalRequests, { namespace, name })

/** What a command came to. */
export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface Plugins {
  /** Folder with kubectl and the plugins. */
  readonly bin: string
  readonly cli: string
  /** Runs `kubectl <args>` with the kubeconfig of `who` (a person of the cluster, or a path). */
  kubectl(who: string, ...args: readonly string[]): Promise<Ran>
  /** Starts it, to be watched; `env` is added. */
  start(who: string, args: readonly string[]): ChildProcess
  env(who: string): NodeJS.ProcessEnv
}

/** Builds the plugins into a folder of their own, beside a link to kubectl; removed when the file is done. */
export async function installPlugins(): Promise<Plugins> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-plugins-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const { bin, cli } = await buildPlugins(folder)
  symlinkSync(cluster().kubectl, join(bin, 'kubectl'))
  const env = (who: string): NodeJS.ProcessEnv => {
    const { KUBECTL: _, NO_COLOR: __, ...rest } = process.env
    const path = `${bin}${delimiter}${rest.PATH}`
    return { ...rest, PATH: path, KUBECONFIG: cluster().people[who]?.kubeconfig ?? who, HOME: folder }
  }
  const start = (who: string, args: readonly string[]): ChildProcess =>
    spawn(join(bin, 'kubectl'), args, { env: env(who), stdio: ['ignore', 'pipe', 'pipe'] })
  return { bin, cli, env, start, kubectl: (who, ...args) => ended(start(who, args)) }
}

/** Waits for the end of a process. */
export function ended(child: ChildProcess): Promise<Ran> {
  const texts = { out: '', err: '' }
  child.stdout?.on('data', chunk => {
    texts.out += chunk
  })
  child.stderr?.on('data', chunk => {
    texts.err += chunk
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => resolve({ code: code ?? 1, ...texts }))
  })
}

/** The output of a running process: `until` resolves with all of it as soon as it holds `text`. */
export function outputOf(child: ChildProcess): { until(text: string | RegExp): Promise<string> } {
  let all = ''
  const waiting = new Set<() => void>()
  const hear = (chunk: Buffer): void => {
    all += chunk
    for (const check of waiting) check()
  }
  child.stdout?.on('data', hear)
  child.stderr?.on('data', hear)
  return {
    until: text =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no ${text} within 45 s in:\n${all}`)), 45_000)
        const check = (): void => {
          if (typeof text === 'string' ? !all.includes(text) : !text.test(all)) return
          clearTimeout(timer)
          waiting.delete(check)
          resolve(all)
        }
        waiting.add(check)
        check()
      }),
  }
}
