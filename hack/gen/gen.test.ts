import { execFile } from 'node:child_process'
import { appendFileSync, cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'

const repository = join(import.meta.dirname, '..', '..')
let copy: string

beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'countersign-gen-'))
  for (const path of ['crds', 'docs', 'hack/gen', 'hack/gen.ts', 'operator', 'package.json']) {
    if (existsSync(join(repository, path)))
      cpSync(join(repository, path), join(copy, path), { recursive: true })
  }
  symlinkSync(join(repository, 'node_modules'), join(copy, 'node_modules'))
})
afterEach(() => rmSync(copy, { recursive: true, force: true }))

/** Runs `npm run gen` in the copy. */
const gen = (...args: string[]) =>
  new Promise<{ code: number; output: string }>(resolve => {
    execFile(process.execPath, [join(copy, 'hack/gen.ts'), ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr })
    })
  })

it('finds the files of the repository as the schemas say', async () => {
  expect(await gen('--check')).toEqual({
    code: 0,
    output: expect.stringMatching(/^\d+ generated files are as the schemas say\.\n$/),
  })
})

it('names what was edited by hand, what is missing and what belongs to no kind, and sets it right', async () => {
  appendFileSync(join(copy, 'crds/manifests/countersign.dev_agents.yaml'), '# by hand\n')
  rmSync(join(copy, 'docs/reference.md'))
  writeFileSync(join(copy, 'crds/manifests/countersign.dev_widgets.yaml'), '')
  const { code, output } = await gen('--check')
  expect(code).toBe(1)
  expect(output.split('\n').slice(0, 3)).toEqual([
    'differs from the schemas: crds/manifests/countersign.dev_agents.yaml',
    'differs from the schemas: docs/reference.md',
    'belongs to no kind: crds/manifests/countersign.dev_widgets.yaml',
  ])
  await gen()
  expect((await gen('--check')).code).toBe(0)
})
