import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compileCondition } from './compile.ts'
import { evaluate } from './evaluate.ts'

// docs/conditions.md promises that each line of its tables is run.

const text = readFileSync(new URL('../../../docs/conditions.md', import.meta.url), 'utf8')

interface Example {
  readonly section: string
  readonly condition: string
  readonly param: string
  readonly context: string
  readonly gives: string
}

function examples(): Example[] {
  const found: Example[] = []
  let section = ''
  for (const line of text.split('\n')) {
    if (line.startsWith('## ')) section = line.slice(3)
    const cells = line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map(cell => cell.trim().replaceAll('\\|', '|'))
    if (cells.length !== 4 || cells[0] === 'Condition' || cells[0] === '---') continue
    const [condition, param, context] = cells.slice(0, 3).map(cell => /^`(.*)`$/.exec(cell)?.[1])
    if (condition === undefined || param === undefined || context === undefined)
      throw new Error(`not a row: ${line}`)
    found.push({ section, condition, param, context, gives: cells[3]! })
  }
  return found
}

describe('docs/conditions.md', () => {
  it('has examples in each section that is about the language', () => {
    const sections = new Set(examples().map(example => example.section))
    expect([...sections]).toEqual(['Reading', 'Literals', 'Comparing', 'Joining', 'What there is not'])
    expect(examples().length).toBeGreaterThan(60)
  })

  it.each(examples())(
    '$section: $condition of $param and $context gives $gives',
    ({ condition, param, context, gives }) => {
      const scope = { param: JSON.parse(param), context: JSON.parse(context) }
      const compiled = compileCondition(condition)
      expect(compiled.ok ? evaluate(compiled.condition, scope).outcome : 'refused').toBe(gives)
    },
  )
})
