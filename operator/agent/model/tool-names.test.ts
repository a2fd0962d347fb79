import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { echoName, toolNames, wireName } from './tool-names.ts'

describe('the name that a provider is told', () => {
  it.each([
    ['order_tools.process_refund', 'order_tools__process_refund'],
    ['a.b', 'a__b'],
    ['a._b', 'a___b'],
    ['crm-2.find-customer', 'crm-2__find-customer'],
  ])('of %s is %s', (full, wire) => {
    expect(wireName(full)).toBe(wire)
  })

  it.each([
    ['a toolset with two underscores', 'a__b.c', 'a.b__c'],
    ['a dot in the tool', 'a.b.c', 'a.b_c'],
    ['a slash', 'a.b/c', 'a.b.c'],
    ['length', `a.${'x'.repeat(100)}y`, `a.${'x'.repeat(100)}z`],
    ['a digit in front', '1a.b', 't_1a.b'],
    ['a name that looks hashed', 'a.b', wireName('a__b.c').replace('__', '.')],
  ])('tells names apart in spite of %s', (_, one, other) => {
    expect(wireName(one)).not.toBe(wireName(other))
  })

  it('is legal everywhere, one for each tool, leads back to it, and does not depend on the other tools', () => {
    const letters = fc.stringMatching(/^[a-c0_-]{1,70}$/)
    const name = fc.tuple(
      fc.stringMatching(/^[a-c0]([-_a-c0]{0,20}[a-c0])?$/),
      fc.oneof(letters, fc.string({ maxLength: 130 })),
    )
    fc.assert(
      fc.property(
        fc.uniqueArray(
          name.map(([toolset, tool]) => `${toolset}.${tool}`),
          { maxLength: 30 },
        ),
        fulls => {
          const names = toolNames(fulls)
          const wires = fulls.map(names.toWire)
          expect(new Set(wires).size).toBe(fulls.length)
          for (const wire of wires) expect(wire).toMatch(/^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/)
          expect(wires.map(names.toFull)).toEqual(fulls)
          expect(fulls.map(full => toolNames([full]).toWire(full))).toEqual(wires)
        },
      ),
    )
  })
})

it('any made-up name can be sent back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), name => {
      expect(echoName(name)).toMatch(/^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/)
    }),
  )
})
