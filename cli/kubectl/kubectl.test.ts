import { describe, expect, it } from 'vitest'
import { createKubectl } from './kubectl.ts'

const shell = (flags: readonly string[] = [], say: (text: string) => void = () => {}) =>
  createKubectl({ program: '/bin/sh', flags, say })

describe('running kubectl', () => {
  it('puts the flags of the person before the arguments of the call, whose own then win', async () => {
    const kubectl = createKubectl({
      program: '/bin/echo',
      flags: ['--context=prod', '--namespace=a'],
      say: () => {},
    })
    expect(await kubectl(['get', 'x', '--namespace=b'])).toEqual({
      code: 0,
      stdout: '--context=prod --namespace=a get x --namespace=b\n',
      stderr: '',
    })
  })

  it('gives back the exit code and the verdict, and passes on what others say', async () => {
    const said: string[] = []
    const kubectl = shell([], text => said.push(text))
    const answer = await kubectl(['-c', 'echo "enter the code AB12" >&2; echo "error: denied" >&2; exit 3'])
    expect(answer).toEqual({ code: 3, stdout: '', stderr: 'error: denied\n' })
    expect(said.join('')).toBe('enter the code AB12\n')
  })

  it('says nothing and takes no input where it runs beside another', async () => {
    const said: string[] = []
    const kubectl = shell([], text => said.push(text))
    const answer = await kubectl(['-c', 'echo "enter the code" >&2; cat'], { silent: true })
    expect(answer.stdout).toBe('')
    expect(said).toEqual([])
  })

  it('hands output on as it comes', async () => {
    const chunks: string[] = []
    const answer = await shell()(['-c', 'echo one; echo two'], { onOutput: chunk => chunks.push(chunk) })
    expect(answer.stdout).toBe('')
    expect(chunks.join('')).toBe('one\ntwo\n')
  })

  it('ends when it is told to', async () => {
    const stop = new AbortController()
    const running = shell()(['-c', 'echo started; exec sleep 60'], {
      signal: stop.signal,
      onOutput: () => stop.abort(),
    })
    expect((await running).code).not.toBe(0)
  })

  it('says what to do where there is no kubectl', async () => {
    const kubectl = createKubectl({ program: '/nowhere/kubectl', flags: [], say: () => {} })
    const answer = await kubectl(['get', 'x'])
    expect(answer.code).toBe(127)
    expect(answer.stderr).toContain('environment variable KUBECTL')
  })
})
