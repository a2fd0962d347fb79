import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The top folder of this repository. */
export const repository = join(import.meta.dirname, '..')

const bin = (name: string): string => join(repository, 'node_modules', '.bin', name)

/** A program that says by its exit code whether all is well. */
export interface Check {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
}

/** Types (the page has the browser's), lint and format, and that the generated files are those that the sources give. */
export function checks(): readonly Check[] {
  const generator = join(repository, 'hack', 'gen.ts')
  return [
    { name: 'types', command: bin('tsc'), args: ['--noEmit'] },
    { name: 'types of the page', command: bin('tsc'), args: ['--noEmit', '-p', 'web/page'] },
    { name: 'lint and format', command: bin('biome'), args: ['check', '.'] },
    ...(existsSync(generator)
      ? [{ name: 'generated files', command: process.execPath, args: [generator, '--check'] }]
      : []),
  ]
}

/** Runs every check, showing what it prints; returns the names of those that failed. */
export async function runChecks(all: readonly Check[]): Promise<readonly string[]> {
  const failed: string[] = []
  for (const { name, command, args } of all) {
    const code = await run(command, args)
    console.log(`${code === 0 ? 'ok' : 'FAILED'}: ${name}`)
    if (code !== 0) failed.push(name)
  }
  return failed
}

const running = new Set<ChildProcess>()

/** Runs a program in the repository with this process's output; returns its exit code, 1 when there is none. */
export function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  return new Promise(resolve => {
    const child = spawn(command, args, {
      cwd: repository,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...env },
    })
    running.add(child)
    child.on('error', error => {
      console.error(`${command} could not be started: ${error.message}`)
      resolve(1)
    })
    child.on('exit', code => {
      running.delete(child)
      resolve(code ?? 1)
    })
  })
}

/** Sends a signal on to whatever runs now. */
export function signalRunning(signal: NodeJS.Signals): void {
  for (const child of running) child.kill(signal)
}
