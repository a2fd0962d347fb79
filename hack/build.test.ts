import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BuiltPlugins, buildPlugins } from './build.ts'

const names = ['kubectl-approvals', 'kubectl-approve', 'kubectl-countersign', 'kubectl-reject']

let folder: string
let built: BuiltPlugins
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "countersign build's-"))
  built = await buildPlugins(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Milliseconds of the fastest of several runs, taken in turn with the other command's, so that load hits both. */
function fastest(first: readonly string[], second: readonly string[]): [number, number] {
  const time = ([program = '', ...args]: readonly string[]): number => {
    const start = performance.now()
    expect(spawnSync(program, args).status).toBe(0)
    return performance.now() - start
  }
  const runs = Array.from({ length: 7 }, () => [time(first), time(second)] as const)
  return [Math.min(...runs.map(run => run[0])), Math.min(...runs.map(run => run[1]))]
}

describe.each(names)('%s, built', name => {
  it('should be a program, in a folder whose name has quotes and spaces too', () => {
    const { status, stdout, stderr } = spawnSync(join(built.bin, name), ['--help'], { encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain(`kubectl ${name.replace('kubectl-', '')}`)
  })

  it('should need nothing but Node, and be small', () => {
    const bundle = join(built.cli, `${name}.mjs`)
    const imported = [...readFileSync(bundle, 'utf8').matchAll(/^import .* from "(.*)";$/gm)].map(
      match => match[1],
    )
    expect(imported.length).toBeGreaterThan(0)
    expect(imported.filter(module => !module?.startsWith('node:'))).toEqual([])
    expect(statSync(bundle).size).toBeLessThan(200_000)
  })
})

it('should start in less than three times what Node itself takes', () => {
  const [node, plugin] = fastest(
    [process.execPath, '-e', '0'],
    [join(built.bin, 'kubectl-approvals'), '--help'],
  )
  expect(plugin / node).toBeLessThan(3)
})

// What people have on their PATH, beside the Node of this checkout.
const other = spawnSync('/usr/bin/env', ['-i', 'PATH=/usr/local/bin:/usr/bin:/bin', 'node', '--version'], {
  encoding: 'utf8',
})
const major = Number(/^v(\d+)/.exec(other.stdout ?? '')?.[1])
it.skipIf(!(major >= 20))('should run on the Node of the system', () => {
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin', KUBECTL: '/bin/false' }
  const ran = spawnSync(join(built.cli, 'kubectl-approve.mjs'), ['x'], { env, encoding: 'utf8' })
  expect({ status: ran.status, stderr: ran.stderr }).toEqual({
    status: 1,
    stderr: 'kubectl failed; what it said stands above.\n',
  })
})
