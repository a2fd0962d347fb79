import { describe, expect, it } from 'vitest'
import { parse, requestNames } from './parse.ts'

const own = {
  reason: { type: 'string' },
  wait: { type: 'boolean' },
  all: { type: 'boolean' },
  'all-namespaces': { type: 'boolean', short: 'A' },
  output: { type: 'string', short: 'o' },
  watch: { type: 'boolean', short: 'w' },
} as const

const parsed = (...argv: string[]) => {
  const result = parse(argv, own)
  if (result.kind === 'Usage') throw new Error(result.message)
  return result
}
const refused = (...argv: string[]) => {
  const result = parse(argv, own)
  return result.kind === 'Usage' ? result.message : 'parsed'
}

describe('a command line', () => {
  it.each([[['--reason', 'looks right']], [['--reason=looks right']]])('%j gives a reason', argv => {
    expect(parsed(...argv).flags.reason).toBe('looks right')
  })

  it('takes a value that begins with a dash', () => {
    expect(parsed('--reason', '-5 is wrong').flags.reason).toBe('-5 is wrong')
  })

  it.each([
    [['--wait'], true],
    [['--wait=true'], true],
    [['--wait=false'], false],
    [[], undefined],
  ])('%j sets wait to %s', (argv, wait) => {
    expect(parsed(...argv).flags.wait).toBe(wait)
  })

  it.each([[['-n', 'shop']], [['-nshop']], [['-n=shop']], [['--namespace', 'shop']], [['--namespace=shop']]])(
    '%j names a namespace, for us and for kubectl',
    argv => {
      expect(parsed(...argv)).toMatchObject({ namespace: 'shop', kubectl: ['--namespace=shop'] })
    },
  )

  it('hands the flags of kubectl through, repeated ones too', () => {
    const argv =
      '--context prod --as carol --as-group a --as-group=b --request-timeout 5s -v=6 --insecure-skip-tls-verify x'
    expect(parsed(...argv.split(' '))).toMatchObject({
      kubectl: [
        '--context=prod',
        '--as=carol',
        '--as-group=a',
        '--as-group=b',
        '--request-timeout=5s',
        '--v=6',
        '--insecure-skip-tls-verify=true',
      ],
      names: ['x'],
    })
  })

  it('takes short switches in a group', () => {
    expect(parsed('-Aw', '-o', 'json').flags).toEqual({ 'all-namespaces': true, watch: true, output: 'json' })
  })

  it('takes names in any place, and everything after -- as a name', () => {
    expect(parsed('a', '--wait', 'b', '--', '--all').names).toEqual(['a', 'b', '--all'])
  })

  it.each([
    [['--reson', 'x'], 'There is no flag --reson. Did you mean --reason?'],
    [['--namespac=shop'], 'There is no flag --namespac. Did you mean --namespace?'],
    [['--zzzzzz'], 'There is no flag --zzzzzz.'],
    [['-x'], 'There is no flag -x.'],
    [['--constructor'], 'There is no flag --constructor.'],
    [['--reason'], 'The flag --reason needs a value.'],
    [['--wait=maybe'], 'The flag --wait takes true or false.'],
  ])('%j is refused: %s', (argv, message) => {
    expect(refused(...argv)).toBe(message)
  })
})

describe('names of requests', () => {
  it('may be typed as kubectl prints them, and count once', () => {
    expect(
      requestNames(['apr/a-1-0', 'approvalrequest.countersign.dev/b', 'b', 'approvalrequests/c']),
    ).toEqual({
      names: ['a-1-0', 'b', 'c'],
    })
  })

  it.each(['pod/x', 'X', '', '../x', 'a b', '-a', 'a?watch=1'])('%j could be none', typed => {
    expect(requestNames(['ok', typed]).wrong).toBe(typed)
  })
})
