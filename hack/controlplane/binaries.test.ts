import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { kubebuilderAssets } from './assets.ts'
import { ensureBinaries, type Source } from './binaries.ts'
import { goBuild } from './gobuild.ts'
import type { Progress } from './progress.ts'
import {
  binariesFolder,
  cacheFolder,
  type Program,
  programs,
  readVersions,
  type Versions,
} from './versions.ts'

let folder: string
let notes: string[]
let progress: Progress

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'binaries-test-'))
  notes = []
  progress = { step: text => notes.push(text), detail() {}, note: text => notes.push(text), end() {} }
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Provides these programs as empty files, and tells what it was asked for. */
const source = (name: string, has: readonly Program[]): Source & { asked: (readonly Program[])[] } => {
  const asked: (readonly Program[])[] = []
  return {
    name,
    asked,
    async provide(wanted, into) {
      asked.push(wanted)
      const provided = wanted.filter(program => has.includes(program))
      for (const program of provided) writeFileSync(join(into, program), '')
      return Object.fromEntries(provided.map(program => [program, join(into, program)]))
    },
  }
}

const failing = (name: string, reason: string): Source => ({
  name,
  provide: () => Promise.reject(new Error(reason)),
})

describe('the programs', () => {
  test('are taken from the cache without asking any further', async () => {
    for (const program of programs) writeFileSync(join(folder, program), '')
    const never = source('never', programs)
    const found = await ensureBinaries({ folder, sources: [never], progress })
    expect(found.etcd).toBe(join(folder, 'etcd'))
    expect(never.asked).toEqual([])
    expect(notes).toEqual([])
  })

  test('come from each source as far as those before it lack them', async () => {
    writeFileSync(join(folder, 'etcd'), '')
    const first = source('first', ['kubectl', 'kube-apiserver'])
    const second = source('second', programs)
    await ensureBinaries({ folder, sources: [first, second], progress })
    expect(first.asked).toEqual([['kube-apiserver', 'kubectl', 'kube-controller-manager']])
    expect(second.asked).toEqual([['kube-controller-manager']])
  })

  test('come from the next source when one fails, which is said', async () => {
    await ensureBinaries({
      folder,
      sources: [failing('download', 'no way out'), source('b', programs)],
      progress,
    })
    expect(notes).toEqual(['  download: no way out'])
  })

  test('count when a source finished them before it failed', async () => {
    const halfway: Source = {
      name: 'halfway',
      async provide(_wanted, into) {
        writeFileSync(join(into, 'etcd'), '')
        throw new Error('the line broke')
      },
    }
    const rest = source('rest', programs)
    await ensureBinaries({ folder, sources: [halfway, rest], progress })
    expect(rest.asked).toEqual([['kube-apiserver', 'kubectl', 'kube-controller-manager']])
  })

  test('that nobody has are named, with every reason', async () => {
    const sources = [failing('download', 'no way out'), failing('go build', 'there is no Go: install it')]
    await expect(ensureBinaries({ folder, sources, progress })).rejects.toThrow(
      'cannot get etcd, kube-apiserver, kubectl, kube-controller-manager:\n' +
        '  download: no way out\n  go build: there is no Go: install it',
    )
  })

  test('leave no half-made files of a process that was killed', async () => {
    mkdirSync(join(folder, '.build-x'))
    await ensureBinaries({ folder, sources: [source('a', programs)], progress })
    expect(readdirSync(folder).sort()).toEqual([...programs].sort())
  })

  test('are made once when two processes want them at once', async () => {
    const cache = join(folder, 'cache')
    const script = join(folder, 'wants.mts')
    writeFileSync(
      script,
      `import { appendFileSync, writeFileSync } from 'node:fs'
       import { ensureBinaries } from '${join(import.meta.dirname, 'binaries.ts')}'
       const slow = {
         name: 'slow',
         async provide(wanted, folder) {
           appendFileSync('${folder}/made', 'once ')
           await new Promise(resolve => setTimeout(resolve, 300))
           for (const program of wanted) writeFileSync(folder + '/' + program, '')
           return Object.fromEntries(wanted.map(program => [program, folder + '/' + program]))
         },
       }
       const { etcd } = await ensureBinaries({ folder: '${cache}', sources: [slow] })
       if (etcd !== '${cache}/etcd') process.exit(1)`,
    )
    const codes = [1, 2, 3].map(
      () =>
        new Promise(resolve => spawn(process.execPath, [script], { stdio: 'ignore' }).on('exit', resolve)),
    )
    expect(await Promise.all(codes)).toEqual([0, 0, 0])
    expect(readFileSync(join(folder, 'made'), 'utf8')).toBe('once ')
  })
})

describe('the cache', () => {
  test.each([
    [{ COUNTERSIGN_CACHE: '/c', XDG_CACHE_HOME: '/x' }, '/c'],
    [{ XDG_CACHE_HOME: '/x' }, '/x/countersign'],
  ])('is, with %j, in %s', (env, expected) => {
    expect(cacheFolder(env)).toBe(expected)
  })

  test('keeps each set of pins apart', () => {
    const versions = readVersions()
    expect(binariesFolder('/c', versions)).toContain(`k8s-${versions.kubernetes}-etcd-${versions.etcd}-`)
    expect(binariesFolder('/c', { ...versions, hash: 'other' })).not.toBe(binariesFolder('/c', versions))
  })
})

describe('KUBEBUILDER_ASSETS', () => {
  const versions: Versions = { kubernetes: 'v1.36.3', etcd: 'v3.6.8', go: '1.26.0', hash: '' }
  const asset = (name: string, prints: string) =>
    writeFileSync(join(folder, name), `#!/bin/sh\necho '${prints}'\n`, { mode: 0o755 })
  const provide = (env: NodeJS.ProcessEnv) =>
    kubebuilderAssets(versions, env).provide(programs, '/unused', progress)

  test('gives what it has', async () => {
    asset('etcd', 'etcd Version: 3.6.1\nGit SHA: 1234567')
    asset('kube-apiserver', 'Kubernetes v1.36.0')
    asset('kubectl', 'Client Version: v1.36.0\nKustomize Version: v5.8.1')
    expect(await provide({ KUBEBUILDER_ASSETS: folder })).toEqual({
      etcd: join(folder, 'etcd'),
      'kube-apiserver': join(folder, 'kube-apiserver'),
      kubectl: join(folder, 'kubectl'),
    })
  })

  test('is passed over for another version or a broken program, which is said', async () => {
    asset('kube-apiserver', 'Kubernetes v1.31.4')
    asset('kubectl', '')
    expect(await provide({ KUBEBUILDER_ASSETS: folder })).toEqual({})
    expect(notes).toEqual([
      `${join(folder, 'kube-apiserver')} is of version 1.31 and not 1.36: not used.`,
      `${join(folder, 'kubectl')} is of version unknown and not 1.36: not used.`,
    ])
  })

  test('gives nothing where it is not set', async () => {
    expect(await provide({})).toEqual({})
  })
})

describe('a build from Go modules', () => {
  const hasGo = spawnSync('go', ['version']).status === 0
  const versions = readVersions()
  const build = (env: Readonly<Record<string, string>>, goMod: string) => {
    writeFileSync(join(folder, 'go.mod'), goMod)
    return goBuild(versions, folder, { ...process.env, ...env }).provide(['etcd'], folder, progress)
  }

  test('without Go says what to install', async () => {
    await expect(build({ PATH: folder }, '')).rejects.toThrow(
      /^there is no Go: install Go 1\.\d+\.\d+ or newer \(https:\/\/go.dev\/dl\) and put it on the PATH$/,
    )
  })

  test.skipIf(!hasGo)('with a Go that is too old says which one it takes', async () => {
    const tooOld = build({ GOTOOLCHAIN: 'local' }, 'module example.com/m\n\ngo 1.999.0\n')
    await expect(tooOld).rejects.toThrow(/requires go >= 1\.999\.0.*; install Go/s)
  })

  test.skipIf(!hasGo)('that fails leaves nothing half-made', async () => {
    await expect(build({}, `module example.com/m\n\ngo ${versions.go}\n`)).rejects.toThrow(/^go list failed/)
    expect(existsSync(join(folder, 'etcd'))).toBe(false)
    expect(readdirSync(folder)).toEqual(['go.mod'])
  })
})
