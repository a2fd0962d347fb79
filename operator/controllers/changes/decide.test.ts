import { describe, expect, it } from 'vitest'
import { EMPTY, headAfter, nextRecord } from '../../audit/chain.ts'
import { AGENT_CHANGES, type Current, changesOf, historyOf, isRecorded, type Seen } from './decide.ts'
import { diffOf } from './diff.ts'

describe('what changed in a spec', () => {
  it.each<[string, unknown, unknown, string]>([
    ['nothing', { a: 1, b: [1] }, { b: [1], a: 1 }, ''],
    ['a value', { a: { b: 1 } }, { a: { b: 2 } }, 'a.b: 1 -> 2'],
    ['what came and what went', { a: 1 }, { b: 'x' }, '- a: 1\n+ b: "x"'],
    ['all of it, when it was made', undefined, { a: { b: 1 }, c: [] }, '+ a.b: 1\n+ c: []'],
    [
      'an entry of a list, by its place',
      { tools: [{ name: 'a' }] },
      { tools: [{ name: 'b' }, { name: 'c' }] },
      'tools[0].name: "a" -> "b"\n+ tools[1].name: "c"',
    ],
    ['that a list was emptied', { tools: ['a'] }, { tools: [] }, '- tools[0]: "a"'],
    ['a kind of value', { a: [1] }, { a: 'x' }, 'a: [1] -> "x"'],
    ['null, which is not nothing', { a: null }, {}, '- a: null'],
    ['a member with a strange name', {}, JSON.parse('{"__proto__": 1}'), '+ __proto__: 1'],
  ])('%s', (_what, before, after, expected) => {
    expect(diffOf(before as never, after as never)).toBe(expected)
  })

  it('is cut where it is long, each value and the whole', () => {
    expect(diffOf({}, { prompt: 'x'.repeat(5000) }).length).toBeLessThan(1100)
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`k${i}`, 'x'.repeat(900)]))
    expect(diffOf({}, many).length).toBeLessThanOrEqual(60_000)
  })
})

const agent = (generation: number, uid = 'one', spec: object = { systemPrompt: 'a' }): Current => ({
  metadata: { name: 'order-manager', namespace: 'shop', uid, generation },
  spec,
})
const seen = (changes: Partial<Seen> = {}): Seen => ({
  name: 'order-manager',
  uid: 'one',
  generation: 1,
  spec: { systemPrompt: 'a' },
  ...changes,
})
const told = (...args: Parameters<typeof changesOf>) =>
  changesOf(...args).map(({ entry }) => `${entry.action} ${entry.object?.generation}: ${entry.object?.diff}`)

describe('what is recorded of an agent', () => {
  it.each<[string, Seen | undefined, Current | undefined, boolean, string[]]>([
    ['nothing of none', undefined, undefined, false, []],
    ['that it was made', undefined, agent(1), false, ['AgentCreated 1: + systemPrompt: "a"']],
    ['nothing where its spec is as recorded', seen(), agent(1), true, []],
    ['nothing of a cache that is behind', seen({ generation: 2 }), agent(1), true, []],
    [
      'what changed',
      seen(),
      agent(3, 'one', { systemPrompt: 'b' }),
      true,
      ['AgentChanged 3: systemPrompt: "a" -> "b"'],
    ],
    [
      'that it changed while nobody looked',
      seen({ uid: undefined, spec: undefined, seq: 7 }),
      agent(2),
      true,
      ['AgentChanged 2: not known: changed while the operator did not run, or as it began to'],
    ],
    ['that it is gone', seen({ generation: 4 }), undefined, false, ['AgentDeleted 4: deleted']],
    [
      'that it was replaced',
      seen(),
      agent(1, 'two'),
      false,
      ['AgentDeleted 1: deleted', 'AgentCreated 1: + systemPrompt: "a"'],
    ],
  ])('%s', (_what, before, now, same, expected) => {
    expect(told(AGENT_CHANGES, before, now, same)).toEqual(expected)
  })

  it('has a key for each that is the same when it is asked again, and another for anything else', () => {
    const keys = [
      ...changesOf(AGENT_CHANGES, undefined, agent(1), false),
      ...changesOf(AGENT_CHANGES, seen(), agent(2), true),
      ...changesOf(AGENT_CHANGES, seen(), agent(3), true),
      ...changesOf(AGENT_CHANGES, seen(), undefined, false),
      ...changesOf(AGENT_CHANGES, undefined, agent(1, 'two'), false),
    ].map(({ key }) => key)
    expect(new Set(keys).size).toBe(keys.length)
    expect(changesOf(AGENT_CHANGES, undefined, agent(1), false)[0]?.key).toBe(keys[0])
  })
})

describe('who did it', () => {
  const by = (generation: number, annotations: Record<string, string>) => {
    const { metadata, spec } = agent(generation, 'one', { systemPrompt: `${generation}` })
    return { metadata: { ...metadata, annotations }, spec }
  }
  const alice = { 'countersign.dev/changed-by': 'alice@acme.com' }
  const accepts = {
    'countersign.dev/accept-tools': 'sha256:b',
    'countersign.dev/accepted-by': 'bob@acme.com',
  }
  const who = (before: Seen | undefined, now: Current | undefined) =>
    changesOf(AGENT_CHANGES, before, now, before !== undefined).map(({ entry }) => [
      entry.action,
      entry.actor,
      entry.reason,
    ])

  it.each<[string, Seen | undefined, Current | undefined, unknown[]]>([
    ['is whom the annotation names', seen(), by(2, alice), [['AgentChanged', 'alice@acme.com', undefined]]],
    [
      'made it, if nobody edited it since',
      undefined,
      by(1, alice),
      [['AgentCreated', 'alice@acme.com', undefined]],
    ],
    [
      'is not known of a creation that was edited before it was seen',
      undefined,
      by(3, alice),
      [['AgentCreated', undefined, 'edited 2 times before it was seen: who made it is not known']],
    ],
    [
      'is known of the last of several edits alone',
      seen(),
      by(4, alice),
      [['AgentChanged', 'alice@acme.com', '3 edits: who is named here made the last of them']],
    ],
    ['is not known where no annotation tells', seen(), by(2, {}), [['AgentChanged', undefined, undefined]]],
    ['is not known of a deletion', seen(), undefined, [['AgentDeleted', undefined, undefined]]],
    [
      'accepted the tools, whoever changed the spec',
      seen(),
      by(2, { ...alice, ...accepts }),
      [
        ['AgentChanged', 'alice@acme.com', undefined],
        ['AgentChanged', 'bob@acme.com', undefined],
      ],
    ],
    ['accepted the tools: once', seen({ accepted: 'sha256:b' }), by(1, accepts), []],
    [
      'is nobody where the name is too long',
      seen(),
      by(2, { 'countersign.dev/changed-by': 'x'.repeat(5000) }),
      [['AgentChanged', undefined, undefined]],
    ],
  ])('%s', (_what, before, now, expected) => {
    expect(who(before, now)).toEqual(expected)
  })
})

describe('a process that starts', () => {
  const first = changesOf(AGENT_CHANGES, undefined, agent(1), false)
  const second = changesOf(AGENT_CHANGES, seen(), agent(2), true)
  const last = changesOf(AGENT_CHANGES, seen({ generation: 2 }), undefined, false)
  const records: ReturnType<typeof nextRecord>[] = []
  for (const entries of [first, second, last]) {
    const before = records.at(-1)
    records.push(
      nextRecord(
        'shop',
        before ? headAfter(before) : EMPTY,
        entries.map(({ entry }) => ({ time: '2026-01-01T00:00:00Z', ...entry })),
        entries.map(({ key }) => key),
      ),
    )
  }

  it('knows from the records what was there at the end, and at which generation', () => {
    const { keys, seen: known } = historyOf(AGENT_CHANGES, records.slice(0, 2).reverse())
    expect([...known]).toEqual([
      [
        'shop/order-manager',
        { name: 'order-manager', uid: undefined, generation: 2, spec: undefined, seq: 2 },
      ],
    ])
    expect(isRecorded(AGENT_CHANGES, agent(2), keys)).toBe(true)
    expect(isRecorded(AGENT_CHANGES, agent(1, 'two'), keys)).toBe(false)
  })

  it('knows that it was deleted', () => {
    expect([...historyOf(AGENT_CHANGES, records).seen]).toEqual([])
  })

  it('finds such records by their label', () => {
    for (const { metadata } of records) expect(metadata.labels).toEqual({ 'countersign.dev/changes': 'true' })
  })
})
