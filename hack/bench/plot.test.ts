import { expect, it } from 'vitest'
import { plotGrowth } from './plot.ts'

const figure = (name: string, value: number) => ({ name, value, unit: 'MB', what: '' })

it('plots what was measured at several levels, in the order of the levels, and nothing else', () => {
  const svg = plotGrowth([
    figure('idleRssMBAt1000', 190),
    figure('idleRssMBAt100', 170.4),
    figure('idleRssMB', 190),
  ])
  expect(svg?.match(/class="title"/g)).toHaveLength(1)
  expect([...(svg ?? '').matchAll(/text-anchor="middle">([^<]+)</g)].map(([, text]) => text)).toEqual([
    '170',
    '100',
    '190',
    '1,000',
  ])
})

it('plots nothing where nothing grew', () => {
  expect(plotGrowth([figure('resumeP50', 12)])).toBeUndefined()
})
