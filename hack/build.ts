// `npm run build`: what is shipped, bundled.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

const root = resolve(import.meta.dirname, '..')
const node = join(root, 'node_modules', 'node', 'bin', 'node')

/** The kubectl plugins; each is `cli/<name>.ts`. */
const PLUGINS = ['kubectl-approvals', 'kubectl-approve', 'kubectl-countersign', 'kubectl-reject'] as const

export interface BuiltPlugins {
  /** Folder to put on the PATH: `kubectl-approve` and its siblings, run by this checkout's own Node. */
  readonly bin: string
  /** Folder of the bundles, which run on any Node from version 20. */
  readonly cli: string
}

/**
 * Bundles the kubectl plugins into `<outDir>/cli/*.mjs` and writes programs that start them to `<outDir>/bin`. Takes
 * about 50 ms; what was there before is replaced.
 */
export async function buildPlugins(outDir: string): Promise<BuiltPlugins> {
  const cli = resolve(outDir, 'cli')
  const bin = resolve(outDir, 'bin')
  await build({
    absWorkingDir: root,
    entryPoints: PLUGINS.map(name => `cli/${name}.ts`),
    outdir: cli,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minifySyntax: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: { js: '#!/usr/bin/env node' },
    legalComments: 'none',
    logLevel: 'warning',
  })
  mkdirSync(bin, { recursive: true })
  for (const name of PLUGINS) {
    const bundle = join(cli, `${name}.mjs`)
    chmodSync(bundle, 0o755)
    const program = join(bin, name)
    writeFileSync(program, `#!/bin/sh\nexec ${quoted(node)} ${quoted(bundle)} "$@"\n`)
    chmodSync(program, 0o755)
  }
  return { bin, cli }
}

/** Builds the page of web/page into `<outDir>/page`, from where the gateway serves it, and returns that folder. */
export async function buildPage(outDir: string): Promise<string> {
  // Only here: the plugins are built in many tests, which need none of it.
  const { build: bundlePage } = await import('vite')
  const folder = resolve(outDir, 'page')
  await bundlePage({
    root: join(root, 'web', 'page'),
    configFile: false,
    logLevel: 'warn',
    // Also where tests build it: what is tested is what is shipped.
    define: { 'process.env.NODE_ENV': JSON.stringify('production') },
    oxc: { jsx: { runtime: 'automatic', development: false } },
    // Nothing inline, neither here nor as data: URLs: the page's policy allows neither.
    build: {
      outDir: folder,
      emptyOutDir: true,
      // Packed it is a quarter of that; a test holds it to its bound.
      chunkSizeWarningLimit: 800,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: {
        // Each file of Mantine says "use client", which means nothing here.
        onLog: (level, log, handle) => log.code === 'MODULE_LEVEL_DIRECTIVE' || handle(level, log),
      },
    },
  })
  return folder
}

const quoted = (path: string): string => `'${path.replaceAll("'", `'\\''`)}'`

if (import.meta.main) {
  const outDir = join(root, 'dist')
  const [{ bin }, page] = await Promise.all([buildPlugins(outDir), buildPage(outDir)])
  console.log(`The kubectl plugins are in ${bin}; put it on your PATH:\n  export PATH="${bin}:$PATH"`)
  console.log(`The page is in ${page}; the gateway serves it.`)
}
