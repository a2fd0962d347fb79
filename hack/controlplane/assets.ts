import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Source } from './binaries.ts'
import type { Program, Versions } from './versions.ts'

/**
 * The programs in the folder that `KUBEBUILDER_ASSETS` names (setup-envtest's layout, which has no
 * kube-controller-manager). One of another minor version is passed over: what it lacks comes from elsewhere, and
 * the parts of a control plane must fit each other.
 */
export function kubebuilderAssets(versions: Versions, env: NodeJS.ProcessEnv): Source {
  return {
    name: 'KUBEBUILDER_ASSETS',
    async provide(wanted, _folder, progress) {
      const assets = env.KUBEBUILDER_ASSETS
      if (!assets) return {}
      const found: Partial<Record<Program, string>> = {}
      for (const program of wanted) {
        const path = join(assets, program)
        if (!existsSync(path)) continue
        const has = await minorVersion(program, path)
        const wants = minorOf(program === 'etcd' ? versions.etcd : versions.kubernetes)
        if (has === wants) found[program] = path
        else progress.note(`${path} is of version ${has ?? 'unknown'} and not ${wants}: not used.`)
      }
      return found
    },
  }
}

async function minorVersion(program: Program, path: string): Promise<string | undefined> {
  const args = program === 'kubectl' ? ['version', '--client'] : ['--version']
  try {
    const { stdout } = await promisify(execFile)(path, args, { timeout: 20_000 })
    return minorOf(stdout)
  } catch {
    return undefined
  }
}

/** `1.36` of `Kubernetes v1.36.3`. */
const minorOf = (text: string): string | undefined => /\d+\.\d+/.exec(text)?.[0]
