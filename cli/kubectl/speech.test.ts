import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createSpeech } from './speech.ts'

const listen = () => {
  const said: string[] = []
  return { said, speech: createSpeech(text => said.push(text)) }
}

describe('what comes on the standard error of kubectl', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('holds back the verdict of kubectl, all of its lines', () => {
    const { said, speech } = listen()
    speech.hear('Error from server (Forbidden): a\n')
    speech.hear('* spec: b\nlast, without an end')
    expect(speech.end()).toBe('Error from server (Forbidden): a\n* spec: b\nlast, without an end')
    expect(said).toEqual([])
  })

  it('passes on at once what a credential plugin says before it', () => {
    const { said, speech } = listen()
    speech.hear('To sign in, open https://login.example/device and enter the code AB12\n')
    expect(said).toEqual(['To sign in, open https://login.example/device and enter the code AB12\n'])
    speech.hear('error: denied\n')
    expect(speech.end()).toBe('error: denied\n')
    expect(said).toHaveLength(1)
  })

  it('shows a prompt that waits on its line, and the rest of that line once', () => {
    const { said, speech } = listen()
    speech.hear('Pass')
    speech.hear('word: ')
    expect(said).toEqual([])
    vi.advanceTimersByTime(200)
    expect(said).toEqual(['Password: '])
    speech.hear('\nthank you\n')
    expect(speech.end()).toBe('')
    expect(said.join('')).toBe('Password: \nthank you\n')
  })

  it('holds back log lines, but not what follows them', () => {
    const { said, speech } = listen()
    speech.hear('E1122 17:00:00.000000       1 memcache.go:265] "Unhandled Error"\nEnter code:\n')
    expect(said).toEqual(['Enter code:\n'])
    expect(speech.end()).toContain('memcache.go')
  })

  it("passes on the server's warnings", () => {
    const { said, speech } = listen()
    speech.hear('Warning: countersign.dev/v1alpha1 is deprecated\n')
    expect(speech.end()).toBe('')
    expect(said).toEqual(['Warning: countersign.dev/v1alpha1 is deprecated\n'])
  })
})
