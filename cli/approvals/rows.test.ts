import { expect, it } from 'vitest'
import { aDecision, anApproval, NOW } from '../testing.ts'
import { painter } from '../text/paint.ts'
import { byUrgency, requestTable } from './rows.ts'

const plain = painter(false)
const columns = { namespace: false, phase: false, wide: false }

it('shows what a reviewer looks for', () => {
  const request = anApproval({ spec: { requiredApprovals: 2 }, status: { decisions: [aDecision('alice')] } })
  expect(
    requestTable([request], columns, NOW, plain)
      .split('\n')
      .map(line => line.split(/ {3,}/)),
  ).toEqual([
    ['NAME', 'AGENT', 'TOOL', 'PARAMS', 'AGE', 'EXPIRES', 'APPROVALS'],
    [
      'refund-1-1-0',
      'order-manager',
      'order_tools.process_refund',
      'order_id=ORD-1287 amount=2400',
      '60s',
      '59m',
      '1/2',
    ],
    [''],
  ])
})

it('adds namespace, phase, run and who started it where they are wanted', () => {
  const text = requestTable([anApproval()], { namespace: true, phase: true, wide: true }, NOW, plain)
  const [header, row] = text.split('\n').map(line => line.split(/ {3,}/))
  expect(header).toEqual(
    'NAMESPACE,NAME,PHASE,AGENT,TOOL,PARAMS,AGE,EXPIRES,APPROVALS,RUN,STARTED BY'.split(','),
  )
  expect(row).toEqual(expect.arrayContaining(['shop', 'Pending', 'refund-1', 'bob@acme.com']))
})

it.each([120, 115])('lets the parameters give way on a terminal of %i characters', fit => {
  const long = anApproval({ spec: { params: { note: 'x'.repeat(100) } } })
  const lines = requestTable([long], { ...columns, fit }, NOW, plain)
    .trimEnd()
    .split('\n')
  expect(Math.max(...lines.map(line => line.length))).toBe(fit)
  expect(lines[1]).toContain('…')
})

it('lets no tool name act on the terminal', () => {
  const text = requestTable([anApproval({ spec: { tool: 'a.\u001b[2Jb' } })], columns, NOW, plain)
  expect(text).toContain('a.\\u001b[2Jb')
})

it('puts the nearest deadline first, and the settled after the pending, newest first', () => {
  const sorted = [
    anApproval({ name: 'settled-old', age: 500, status: { phase: 'Approved' } }),
    anApproval({ name: 'later' }),
    anApproval({ name: 'settled-new', age: 5, status: { phase: 'Expired' } }),
    anApproval({ name: 'sooner', spec: { timeoutSeconds: 120 } }),
  ].sort(byUrgency)
  expect(sorted.map(request => request.metadata.name)).toEqual([
    'sooner',
    'later',
    'settled-new',
    'settled-old',
  ])
})

it('says of a pending one whose time is over that it is, and of a settled one nothing', () => {
  const text = requestTable(
    [anApproval({ age: 7200 }), anApproval({ status: { phase: 'Approved' } })],
    columns,
    NOW,
    plain,
  )
  expect(
    text
      .split('\n')
      .slice(1, 3)
      .map(line => line.split(/ {3,}/).at(-2)),
  ).toEqual(['over', '-'])
})
