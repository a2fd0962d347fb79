import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Source } from './binaries.ts'
import { inWords } from './progress.ts'
import { moduleFolder as ownModule, type Program, programs, type Versions } from './versions.ts'

/** What to build, and how long it took on two cores from empty caches (the next finds much compiled already). */
const recipes: Readonly<Record<Program, { readonly pkg: string; readonly seconds: number }>> = {
  etcd: { pkg: 'go.etcd.io/etcd/server/v3', seconds: 60 },
  'kube-apiserver': { pkg: 'k8s.io/kubernetes/cmd/kube-apiserver', seconds: 240 },
  kubectl: { pkg: 'k8s.io/kubernetes/cmd/kubectl', seconds: 40 },
  'kube-controller-manager': { pkg: 'k8s.io/kubernetes/cmd/kube-controller-manager', seconds: 80 },
}

/** A build from the published Go modules, by the `go` on the PATH and the go.mod of this folder. */
export function goBuild(
  versions: Versions,
  moduleFolder: string = ownModule,
  env: NodeJS.ProcessEnv = process.env,
): Source {
  const go: Go = (args, onLine) => runGo(args, moduleFolder, env, onLine)
  return {
    name: 'go build',
    async provide(wanted, folder, progress) {
      const ordered = programs.filter(program => wanted.includes(program))
      await checkGo(versions, go)
      const speed = Math.min(availableParallelism(), 8) / 2
      const total = ordered.reduce((sum, program) => sum + recipes[program].seconds, 0) / speed
      progress.note(
        `Building ${ordered.join(', ')} from their Go modules, once: about ${inWords(total)}, and 4 GB in Go's caches.`,
      )
      const steps = ordered.length + 1
      progress.step(`[1/${steps}] Downloading Go modules`)
      let downloads = 0
      const packages = ordered.map(program => recipes[program].pkg)
      await go(['list', '-deps', '-f', '{{.ImportPath}}', ...packages], line => {
        if (line.startsWith('go: downloading')) progress.detail(`${++downloads} modules`)
      })
      for (const [i, program] of ordered.entries()) {
        const { pkg, seconds } = recipes[program]
        progress.step(`[${i + 2}/${steps}] Building ${program} (about ${inWords(seconds / speed)})`)
        await build(program, pkg, versions, go, folder, progress.detail)
      }
      return Object.fromEntries(ordered.map(program => [program, join(folder, program)]))
    },
  }
}

async function checkGo(versions: Versions, go: Go): Promise<void> {
  const advice = `install Go ${versions.go} or newer (https://go.dev/dl) and put it on the PATH`
  try {
    // Reads go.mod, and so refuses when this Go is older than that asks for and may not fetch a newer one.
    await go(['list', '-m'])
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new Error(`there is no Go: ${advice}`)
    throw new Error(`${(error as Error).message}; ${advice}`, { cause: error })
  }
}

async function build(
  program: Program,
  pkg: string,
  versions: Versions,
  go: Go,
  folder: string,
  onProgress: (text: string) => void,
): Promise<void> {
  const dependencies = (await go(['list', '-deps', pkg])).trim().split('\n').length
  const partial = mkdtempSync(join(folder, '.build-'))
  try {
    const output = join(partial, program)
    const flags = `-s -w -X k8s.io/component-base/version.gitVersion=${versions.kubernetes}`
    let compiled = 0
    await go(['build', '-v', '-trimpath', '-ldflags', flags, '-o', output, pkg], () =>
      onProgress(`${++compiled} of at most ${dependencies} packages`),
    )
    chmodSync(output, 0o755)
    renameSync(output, join(folder, program))
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
}

/** Runs go and returns its standard output; `onLine` sees its standard error. Rejects with the end of that. */
type Go = (args: readonly string[], onLine?: (line: string) => void) => Promise<string>

function runGo(
  args: readonly string[],
  moduleFolder: string,
  env: NodeJS.ProcessEnv,
  onLine: (line: string) => void = () => {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('go', args, {
      cwd: moduleFolder,
      stdio: ['ignore', 'pipe', 'pipe'],
      // No C compiler is needed; neither a workspace around this clone nor a vendor folder has a say.
      env: {
        ...env,
        CGO_ENABLED: '0',
        GOWORK: 'off',
        GOFLAGS: `${env.GOFLAGS ?? ''} -mod=readonly`,
      },
    })
    // A build takes minutes; it is not to outlive who asked for it.
    const kill = () => void child.kill()
    process.once('exit', kill)
    child.on('close', () => process.off('exit', kill))
    let output = ''
    const last: string[] = []
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    createInterface({ input: child.stderr }).on('line', line => {
      last.push(line)
      if (last.length > 10) last.shift()
      onLine(line)
    })
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(output)
      reject(new Error(`go ${args[0]} failed (${signal ?? `exit code ${code}`}): ${last.join('\n')}`))
    })
  })
}
