import { afterAll, beforeAll, expect, it } from 'vitest'
import { kubectl } from '../../../hack/testing.ts'
import { shot } from '../testing/browser.ts'
import { openPageStage, type PageStage } from '../testing/stage.ts'

let stage: PageStage
beforeAll(async () => {
  stage = await openPageStage({ 'order-manager': {} })
})
afterAll(() => stage?.close())

it('teaches where nothing waits, and its one command makes a first approval, again and again', async () => {
  const { page, faults, context } = await stage.visit('carol')
  await page.getByText('Nothing waits for you').waitFor()
  const command = page.locator('.first pre')
  await command.waitFor()
  await shot(page, 'empty')
  const [line, ...rest] = (await command.innerText()).split('\n')
  expect(line).toBe(`kubectl create -n ${stage.namespace} -f - <<'END'`)
  expect(rest.pop()).toBe('END')
  for (const count of [1, 2]) {
    await kubectl(['create', '-n', stage.namespace, '-f', '-'], 'bob@acme.com', rest.join('\n'))
    await page.getByText(`${count} waiting`).waitFor()
  }
  await page.locator('article.request').getByText('ORD-1287').waitFor()
  expect(faults).toEqual([])
  await context.close()
})
