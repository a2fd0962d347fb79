import { describe, expect, it } from 'vitest'
import { aDecision, anApproval, NOW } from '../testing.ts'
import { createWatcher } from './live.ts'
import { changeLine, createLog } from './log.ts'

/** A watcher whose view writes down what it shows. */
function watching() {
  const lines: string[] = []
  const notes: string[] = []
  let pending: string[] = []
  const watcher = createWatcher({
    show: (now, changes) => {
      pending = now.map(request => request.metadata.name)
      lines.push(
        ...changes.map(({ word, request, text }) => `${word} ${request.metadata.name} ${text}`.trim()),
      )
    },
    note: text => notes.push(text),
  })
  return { watcher, lines, notes, pending: () => pending }
}

const settled = (phase: 'Approved' | 'Expired', name = 'a') =>
  anApproval({
    name,
    status: { phase, decisions: phase === 'Approved' ? [aDecision('alice', 'Approve', 'ok')] : [] },
  })

describe('the live view', () => {
  it('tells what comes, who decides, and what becomes of it', () => {
    const { watcher, lines, pending } = watching()
    watcher.replaced([anApproval({ name: 'a', spec: { requiredApprovals: 2 } })], [])
    watcher.changed(anApproval({ name: 'b' }))
    watcher.changed(
      anApproval({ name: 'a', spec: { requiredApprovals: 2 }, status: { decisions: [aDecision('alice')] } }),
    )
    watcher.changed(settled('Approved'))
    watcher.deleted(anApproval({ name: 'b' }))
    expect(lines).toEqual([
      'waiting a',
      'new b',
      'decision a approved by alice; 1 of 2 approvals; one more approval is needed, by another reviewer',
      'approved a by alice: ok',
      'deleted b before it was decided',
    ])
    expect(pending()).toEqual([])
  })

  it('says nothing of what was settled before, nor twice of anything', () => {
    const { watcher, lines } = watching()
    watcher.replaced([], [])
    watcher.changed(settled('Approved', 'old'))
    watcher.deleted(settled('Approved', 'old'))
    watcher.changed(anApproval({ name: 'a' }))
    watcher.changed(anApproval({ name: 'a' }))
    expect(lines).toEqual(['new a'])
  })

  it('catches up after a gap: what was settled, what came, what is gone', () => {
    const { watcher, lines, notes } = watching()
    watcher.replaced([anApproval({ name: 'a' }), anApproval({ name: 'b' })], [])
    lines.length = 0
    watcher.lost({ kind: 'Unreachable', code: 7, message: 'It did not answer.' })
    watcher.lost({ kind: 'Unreachable', code: 7, message: 'It did not answer.' })
    watcher.replaced([anApproval({ name: 'c' })], [settled('Expired', 'a')])
    expect(lines).toEqual(['expired a', 'deleted b before it was decided', 'new c'])
    expect(notes).toEqual(['It did not answer. Trying again.', 'connected again'])
  })
})

it('a line for a file has the time, what happened, and enough to act on', () => {
  const out: string[] = []
  const log = createLog({ out: text => out.push(text), err: () => {}, now: () => NOW }, true)
  log.show([], [{ word: 'new', request: anApproval(), text: '' }])
  expect(out).toEqual([
    '2026-11-22T17:00:00Z  new        shop/refund-1-1-0  order-manager  order_tools.process_refund  order_id=ORD-1287 amount=2400  expires in 59m\n',
  ])
})

it('a line shows a decision with its text', () => {
  expect(changeLine({ word: 'rejected', request: anApproval(), text: 'by bob: no' }, false, NOW)).toBe(
    'rejected   refund-1-1-0  order-manager  order_tools.process_refund  by bob: no',
  )
})
