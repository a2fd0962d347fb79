import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  addMembers,
  ask,
  ended,
  installPlugins,
  outputOf,
  type Plugins,
  read,
} from '../hack/plugintesting.ts'
import { testNamespace } from '../hack/testing.ts'

const alice = 'alice@acme.com'

let plugins: Plugins
let namespace: string
beforeAll(async () => {
  plugins = await installPlugins()
  namespace = await testNamespace('cli-picker')
  await addMembers(namespace, [alice])
})

/** Runs kubectl at a pseudo-terminal, whose keyboard is the child's stdin. */
function atTerminal(...args: string[]): {
  child: ChildProcess
  output: ReturnType<typeof outputOf>
  type(text: string): void
} {
  const command = ['kubectl', ...args, '-n', namespace].map(word => `'${word}'`).join(' ')
  const child = spawn('script', ['-qefc', `stty cols 200 rows 40; exec ${command}`, '/dev/null'], {
    env: { ...plugins.env(alice), TERM: 'xterm', SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  return { child, output: outputOf(child), type: text => child.stdin?.write(text) }
}

// util-linux's `script`, which every Debian has; others take other arguments.
const hasScript = spawnSync('script', ['-qefc', 'true', '/dev/null'], { stdio: 'ignore' }).status === 0

describe.skipIf(!hasScript)('at a terminal, without a name', () => {
  it('lets one choose, shows all parameters, and asks before it approves', async () => {
    await ask(namespace, 'a-first', { timeoutSeconds: 600 })
    await ask(namespace, 'b-second', { params: { amount: 99, note: 'for \u202eecila' } })
    const { child, output, type } = atTerminal('approve', '--wait=false')
    const end = ended(child)
    await output.until('Which one? [1-2, empty: none] ')
    type('7\n')
    await output.until('Type a number from 1 to 2, or a name.')
    type('2\n')
    const shown = await output.until('Approve? [y/N] ')
    expect(shown).toContain('"note": "for \\u202eecila"')
    expect(shown).not.toContain('\u202e')
    type('y\n')
    const ran = await end
    expect(ran.out).toContain(`b-second approved by ${alice}`)
    expect(ran.code).toBe(0)
    expect((await read(namespace, 'a-first')).status.decisions).toEqual([])
  })

  it('decides nothing unless the answer is yes', async () => {
    for (const answer of ['n\n', '\n', '\u0004']) {
      const { child, output, type } = atTerminal('approve')
      const end = ended(child)
      await output.until('Which one?')
      type('a-first\n')
      await output.until('Approve? [y/N] ')
      type(answer)
      const ran = await end
      expect(ran).toMatchObject({ code: 1, out: expect.stringContaining('Nothing was decided.') })
    }
    expect((await read(namespace, 'a-first')).status.decisions).toEqual([])
  })

  it('asks for the reason of a rejection', async () => {
    const { child, output, type } = atTerminal('reject', '--wait=false')
    const end = ended(child)
    await output.until('Which one?')
    type('1\n')
    await output.until('Reason to reject it (empty: leave it): ')
    type('was refunded yesterday\n')
    expect(await end).toMatchObject({ code: 0, out: expect.stringContaining(`a-first rejected by ${alice}`) })
    expect((await read(namespace, 'a-first')).status.decisions).toMatchObject([
      { verdict: 'Reject', reason: 'was refunded yesterday' },
    ])
  })

  it('draws a live table on a screen of its own, and gives the screen back', async () => {
    const { child, output, type } = atTerminal('approvals', '-w')
    const end = ended(child)
    await output.until('\u001b[?1049h')
    await output.until(/a-first[\s\S]*b-second/)
    await ask(namespace, 'c-third')
    await output.until(/c-third[\s\S]* new +c-third/)
    type('\u0003')
    const ran = await end
    expect(ran.code).toBe(0)
    expect(ran.out).toContain('\u001b[?25h\u001b[?1049l')
  })
})
