// The smallest valid object of each kind, for tests to start from.
import type { Agent } from './agent.ts'
import type { AgentRun } from './agentrun.ts'
import type { AgentTurn } from './agentturn.ts'
import type { APIKey } from './apikey.ts'
import type { ApprovalRequest } from './approvalrequest.ts'
import type { AuditRecord } from './auditrecord.ts'
import { API_VERSION, KEY_FINALIZER } from './meta.ts'
import type { Project } from './project.ts'

const NO_DIGEST = `sha256:${'0'.repeat(64)}`

/** What the API server is sent: defaults may be left out, which the types of what it answers do not allow. */
const sent = <T>(object: object): T => object as T

export const sampleAgent = (namespace: string, name = 'order-manager'): Agent =>
  sent({
    apiVersion: API_VERSION,
    kind: 'Agent',
    metadata: { name, namespace },
    spec: {
      model: { provider: 'OpenAICompatible', name: 'some-model', baseURL: 'http://llm.shop.svc:8000/v1' },
      toolsets: [{ name: 'order_tools', mcp: { url: 'http://order-tools.shop.svc:8080/mcp' } }],
      approval: { tools: [{ name: 'order_tools.process_refund', when: 'param.amount > 1000' }] },
    },
  })

export const sampleAgentRun = (namespace: string, name = 'order-run'): AgentRun =>
  sent({
    apiVersion: API_VERSION,
    kind: 'AgentRun',
    metadata: { name, namespace },
    spec: { agentRef: { name: 'order-manager' }, input: 'Refund order ORD-1287.' },
  })

export const sampleApprovalRequest = (namespace: string, name = 'order-run-1-0'): ApprovalRequest =>
  sent({
    apiVersion: API_VERSION,
    kind: 'ApprovalRequest',
    metadata: { name, namespace },
    spec: {
      agentRef: { name: 'order-manager' },
      runRef: { name: 'order-run', uid: '9f5d9bd1-8f7c-4a39-a2a5-6bb1a3b7c0de' },
      callID: '1.0',
      tool: 'order_tools.process_refund',
      params: { amount: 2400, lines: [{ sku: 'A-1', note: null }] },
      paramsDigest: NO_DIGEST,
      callDigest: NO_DIGEST,
      gates: [
        {
          name: 'order_tools.process_refund',
          from: 'Agent',
          when: 'param.amount > 1000',
          outcome: 'ConditionTrue',
          values: { 'param.amount': 2400 },
        },
      ],
      timeoutSeconds: 3600,
      onRejection: 'Fail',
      requiredApprovals: 1,
      allowSelfApproval: true,
    },
  })

export const sampleAgentTurn = (namespace: string, name = 'order-run-t1'): AgentTurn =>
  sent({
    apiVersion: API_VERSION,
    kind: 'AgentTurn',
    metadata: { name, namespace },
    spec: {
      runRef: { name: 'order-run', uid: '9f5d9bd1-8f7c-4a39-a2a5-6bb1a3b7c0de' },
      turn: 1,
      agentGeneration: 1,
      at: '2026-11-22T10:00:00Z',
      durationSeconds: 1.5,
      finishReason: 'tool-calls',
      calls: [
        {
          id: '1.0',
          providerCallID: 'call_1',
          tool: 'order_tools.process_refund',
          params: { lines: [{ sku: 'A-1' }] },
        },
      ],
      messages: [{ role: 'assistant', content: [{ type: 'text', text: 'One moment.' }] }, 'opaque', 3],
    },
  })

export const sampleProject = (namespace: string): Project =>
  sent({
    apiVersion: API_VERSION,
    kind: 'Project',
    metadata: { name: 'project', namespace },
    spec: { members: [{ user: 'alice@acme.com', role: 'Owner' }] },
  })

export const sampleAPIKey = (namespace: string, name = 'k7d2p9'): APIKey =>
  sent({
    apiVersion: API_VERSION,
    kind: 'APIKey',
    metadata: { name, namespace, finalizers: [KEY_FINALIZER] },
    spec: { project: 'shop', user: 'alice@acme.com', name: 'nightly job', hash: NO_DIGEST },
  })

export const sampleAuditRecord = (namespace: string, name = 'audit-000000000001'): AuditRecord =>
  sent({
    apiVersion: API_VERSION,
    kind: 'AuditRecord',
    metadata: { name, namespace },
    spec: {
      entries: [
        {
          seq: 1,
          time: '2026-11-22T10:00:00Z',
          action: 'ToolExecuting',
          params: { lines: [{ sku: 'A-1' }] },
        },
      ],
      hash: NO_DIGEST,
    },
  })
