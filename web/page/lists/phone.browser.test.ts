import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agents } from '../../../crds/v1alpha1/resources.ts'
import { clientFor } from '../../../hack/testing.ts'
import { tokenOf } from '../../gateway/testing-cluster.ts'
import { shot } from '../testing/browser.ts'
import { openPageStage, type PageStage } from '../testing/stage.ts'

let stage: PageStage
beforeAll(async () => {
  stage = await openPageStage({
    'order-manager': {
      tools: [{ name: 'order_tools.process_refund', when: 'param.amount > 1000 and not context.is_admin' }],
      message: 'Refunds over 1,000 € need a manager.',
    },
  })
  const { namespace } = stage
  const at = { namespace, name: 'order-manager' }
  const body = { spec: { approval: { timeoutSeconds: 120 }, systemPrompt: 'x'.repeat(300) } }
  await clientFor('alice@acme.com').patch(agents, at, { type: 'merge', body })
  await stage.begin('run-with-a-name-that-is-rather-long-1', { note: 'y'.repeat(300), amount: 2400 })
  await stage.untilRequest('run-with-a-name-that-is-rather-long-1-1-0')
  const path = `/api/v1/projects/${namespace}/approvals/run-with-a-name-that-is-rather-long-1-1-0/approve`
  const reason = `looked at it ${'z'.repeat(200)}`
  await stage.gateway.as(tokenOf('carol@acme.com')).post(path, { reason })
  await stage.untilEnded('run-with-a-name-that-is-rather-long-1')
})
afterAll(async () => {
  await stage?.close()
})

const phone = { viewport: { width: 390, height: 844 }, colorScheme: 'dark', hasTouch: true } as const

describe('on a phone, in the dark', () => {
  it.each([
    ['approvals', 'History', 'phone-history'],
    ['audit', 'Audit log', 'phone-audit'],
    ['runs', 'Runs', 'phone-runs'],
    ['agents', 'Agents', 'phone-agents-2'],
  ] as const)('%s runs over no edge, with every row opened', async (path, label, picture) => {
    const { page, faults, context } = await stage.visit('carol', path, phone)
    await page.getByText(/^\d+ (decisions?|entries|runs?|agents?)$/).waitFor()
    const openers = page.getByRole('button', { name: /^Details of / })
    for (const opener of await openers.all()) await opener.tap()
    for (const folded of await page.locator('details.policy summary').all()) await folded.tap()
    const wide = await page.evaluate(() =>
      [...document.querySelectorAll('main *')]
        .filter(one => one.getBoundingClientRect().right > innerWidth + 1 && one.closest('.unseen') === null)
        .map(one => `${one.tagName}.${one.className} ${one.textContent?.slice(0, 40)}`),
    )
    expect([label, wide]).toEqual([label, []])
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
    for (const opener of await openers.all()) {
      const box = await opener.boundingBox()
      expect([box?.width, box?.height].every(size => (size ?? 0) >= 40)).toBe(true)
    }
    await page
      .locator('.list, .history')
      .first()
      .evaluate(one => one.scrollIntoView())
    await shot(page, picture)
    expect(faults).toEqual([])
    await context.close()
  })
})
