import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

// biome.json lets this file alone import from the gateway.
test('what the page takes from the gateway is types, so that none of its code is sent to browsers', () => {
  const source = readFileSync(join(import.meta.dirname, 'types.ts'), 'utf8')
  const statements = source.match(/^(import|export)\b[^;]*?\bfrom\b.*$/gm) ?? []
  expect(statements.length).toBeGreaterThan(5)
  expect(statements.filter(line => !/^(import|export) type\b/.test(line))).toEqual([])
})
