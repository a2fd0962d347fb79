// How long the page's own thread computes.
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/** Milliseconds that no task of the page takes: whoever scrolls or writes notices nothing. */
export const NOTICED = 150

interface TraceEvent {
  readonly name: string
  readonly ph: string
  readonly pid: number
  readonly tid: number
  /** Microseconds in which the thread computed. */
  readonly tdur?: number
  readonly args?: { readonly name?: string }
}

/**
 * What the pages' own threads compute while `work` lasts: the share of the time, and their longest task in milliseconds.
 * It is the thread's own time, as the browser traces it: that other programs have the cores meanwhile does not count.
 */
export async function measured(
  page: Page,
  work: () => Promise<void>,
): Promise<{ readonly share: number; readonly longest: number }> {
  const browser = page.context().browser()
  if (browser === null) throw new Error('a page without a browser')
  await browser.startTracing(page, { categories: ['toplevel'] })
  const begun = performance.now()
  let trace: Buffer | undefined
  try {
    await work()
  } finally {
    trace = await browser.stopTracing()
  }
  const ms = performance.now() - begun
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] }
  const thread = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`
  const main = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(thread),
  )
  const tasks = traceEvents
    .filter(event => event.name === 'ThreadControllerImpl::RunTask' && main.has(thread(event)))
    .map(({ tdur = 0 }) => tdur / 1000)
  expect(tasks.length).toBeGreaterThan(0)
  return { share: tasks.reduce((sum, one) => sum + one, 0) / ms, longest: Math.max(...tasks) }
}
