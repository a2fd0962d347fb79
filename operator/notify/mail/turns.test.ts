import { expect, test } from 'vitest'
import { settled } from '../../../kube/testing.ts'
import { createTurns } from './turns.ts'

const never = new AbortController().signal

function work() {
  const turns = createTurns()
  const begun: string[] = []
  const ends = new Map<string, (error?: Error) => void>()
  const take = (name: string, signal = never) =>
    turns.take(
      () =>
        new Promise<string>((resolve, reject) => {
          begun.push(name)
          ends.set(name, error => (error ? reject(error) : resolve(name)))
        }),
      signal,
      'instead',
    )
  return { take, begun, end: (name: string, error?: Error) => ends.get(name)?.(error) }
}

test('one begins when all before it have ended, in order', async () => {
  const { take, begun, end } = work()
  const all = [take('a'), take('b'), take('c')]
  await settled()
  expect(begun).toEqual(['a'])
  end('a')
  await settled()
  expect(begun).toEqual(['a', 'b'])
  end('b')
  await settled()
  end('c')
  expect(await Promise.all(all)).toEqual(['a', 'b', 'c'])
})

test('who goes away while waiting lets nobody pass before those that are under way', async () => {
  const { take, begun, end } = work()
  const leave = new AbortController()
  const first = take('a')
  const second = take('b', leave.signal)
  const third = take('c')
  leave.abort()
  expect(await second).toBe('instead')
  await settled()
  expect(begun).toEqual(['a'])
  end('a')
  expect(await first).toBe('a')
  await settled()
  expect(begun).toEqual(['a', 'c'])
  end('c')
  expect(await third).toBe('c')
})

test('one that fails is followed by the next', async () => {
  const { take, end } = work()
  const first = take('a')
  const second = take('b')
  await settled()
  end('a', new Error('broken'))
  await expect(first).rejects.toThrow('broken')
  await settled()
  end('b')
  expect(await second).toBe('b')
})
