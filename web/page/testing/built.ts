// Global set-up of the vitest project `browser`: the page, built once for all test files, as it is shipped.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { buildPage } from '../../../hack/build.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the built page is. */
    pageFolder: string
  }
}

export async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-page-'))
  project.provide('pageFolder', await buildPage(folder))
  return () => rmSync(folder, { recursive: true, force: true })
}
