import { readFile } from 'node:fs/promises'
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../crds/v1alpha1/common.ts'
import { agents, projects } from '../../../crds/v1alpha1/resources.ts'
import { clientFor } from '../../../hack/testing.ts'
import { tokenOf } from '../../gateway/testing-cluster.ts'
import { shot } from '../testing/browser.ts'
import { record } from '../testing/recorded.ts'
import { openPageStage, type PageStage } from '../testing/stage.ts'

let stage: PageStage
const hostile = {
  action: 'ToolExecuted',
  agent: 'exporter',
  tool: 'order_tools.note',
  actor: '=HYPERLINK("https://evil.example","me")',
  reason: 'She said "no",\r\nthen left; ünïcödé 日本 😀',
  outcome: '+1-800 @home',
  params: { note: '=1+1', 'quoted "name"': 'line\nbreak', list: [1, 2.5, null, true] } as JsonObject,
} as const
beforeAll(async () => {
  stage = await openPageStage({ 'order-manager': {} })
  await stage.begin('run-1', { order: 'ORD-1', amount: 2400 })
  await stage.untilRequest('run-1-1-0')
  const path = `/api/v1/projects/${stage.namespace}/approvals/run-1-1-0/approve`
  await stage.gateway.as(tokenOf('carol@acme.com')).post(path, {})
  await stage.untilEnded('run-1')
})
afterAll(async () => {
  await stage?.close()
})

const table = (page: Page): Locator => page.getByRole('table', { name: 'Audit log' })
const actions = async (page: Page): Promise<readonly string[]> =>
  await table(page).locator('tbody > tr:not(.opened) > td:nth-child(2)').allInnerTexts()

/** Everything that the API says of a filter, newest first. */
async function entries(query = ''): Promise<Record<string, unknown>[]> {
  const all: Record<string, unknown>[] = []
  let next: string | undefined
  do {
    const more = next === undefined ? '' : `&continue=${encodeURIComponent(next)}`
    const path = `/api/v1/projects/${stage.namespace}/audit?limit=500${query}${more}`
    const { body } = await stage.gateway.as(tokenOf('alice@acme.com')).get(path)
    all.push(...body.items)
    next = body.continue
  } while (next !== undefined)
  return all
}

async function download(page: Page, format: string): Promise<{ name: string; bytes: Buffer }> {
  const saved = page.waitForEvent('download')
  await page.getByRole('button', { name: `Export ${format}` }).click()
  const file = await saved
  return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) }
}

describe('the audit page', () => {
  it('tells of all that happened in words, newest first, and opens an entry to everything in it', async () => {
    const { page, faults, context } = await stage.visit('carol', 'audit')
    await expect
      .poll(() => actions(page))
      .toEqual([
        'run ended',
        'tool call ended',
        'tool call began',
        'approved',
        'approval requested',
        'run started',
        'agent created',
        'config changed',
      ])
    await table(page)
      .getByRole('button', { name: /approved$/ })
      .click()
    const { spec } = await stage.request('run-1-1-0')
    const text = await table(page).locator('.opened').innerText()
    for (const words of [
      'carol@acme.com',
      '2400',
      spec.callDigest,
      spec.paramsDigest,
      'audit-0000',
      'run-1-1-0',
    ]) {
      expect(text).toContain(words)
    }
    await shot(page, 'audit')
    expect(faults).toEqual([])
    await context.close()
  })

  it('shows of a change of an agent and of the project what was before and what is now', async () => {
    const { page, faults, context } = await stage.visit('alice', 'audit')
    await expect.poll(() => actions(page)).toContain('run ended')
    const at = { namespace: stage.namespace, name: 'order-manager' }
    const approval = { timeoutSeconds: 120, message: '<b>Look</b> -> here' }
    await clientFor('alice@acme.com').patch(agents, at, { type: 'merge', body: { spec: { approval } } })
    await table(page)
      .getByRole('button', { name: /agent changed$/ })
      .first()
      .click()
    const changes = page.getByRole('table', { name: 'What changed of Agent order-manager' })
    const rows = await changes.getByRole('row').allInnerTexts()
    expect(rows).toContainEqual(expect.stringMatching(/approval\.timeoutSeconds[\s\S]*3600[\s\S]*120/))
    expect(rows).toContainEqual(
      expect.stringMatching(/approval\.message[\s\S]*was not set[\s\S]*"<b>Look<\/b> -> here"/),
    )
    const gate = { name: 'order_tools.*' }
    const project = { namespace: stage.namespace, name: 'project' }
    const body = { spec: { approval: { tools: [gate] } } }
    await clientFor('alice@acme.com').patch(projects, project, { type: 'merge', body })
    const changed = table(page).getByRole('row').filter({ hasText: 'config changed' }).first()
    await changed.getByText('alice@acme.com').waitFor()
    await changed.getByRole('button').click()
    const config = page.getByRole('table', { name: 'What changed of Project project' })
    expect(await config.innerText()).toMatch(/approval\.tools\[0\]\.name[\s\S]*"order_tools\.\*"/)
    await shot(page, 'audit-change')
    expect(faults).toEqual([])
    await context.close()
  })

  it('is filtered by several actions, by who, by agent, by tool and by time, in its address', async () => {
    const { page, faults, context } = await stage.visit('carol', 'audit')
    await record(stage.namespace, [
      { action: 'ToolExecuted', agent: 'old', tool: 'crm.lookup', time: '2020-02-02T02:02:02Z' },
    ])
    await page.getByLabel('Action: all').click()
    await page.getByRole('checkbox', { name: 'approved', exact: true }).check()
    await expect.poll(() => actions(page)).toEqual(['approved'])
    await page.getByRole('checkbox', { name: 'run ended' }).check()
    await expect.poll(() => actions(page)).toEqual(['run ended', 'approved'])
    expect(new URL(page.url()).searchParams.get('action')).toBe('ApprovalApproved,RunEnded')
    await page.keyboard.press('Escape')
    await page.getByRole('checkbox', { name: 'run ended' }).waitFor({ state: 'hidden' })
    await page.getByLabel('Action: approved, run ended').click()
    await page.getByRole('checkbox', { name: 'run ended' }).waitFor()
    await page.getByRole('heading', { name: 'Audit log' }).click()
    await page.getByRole('checkbox', { name: 'run ended' }).waitFor({ state: 'hidden' })
    await page.getByRole('combobox', { name: 'By whom' }).fill('carol@acme.com')
    await page.getByRole('combobox', { name: 'By whom' }).press('Enter')
    await expect.poll(() => actions(page)).toEqual(['approved'])
    await page.goBack()
    await expect.poll(() => actions(page)).toEqual(['run ended', 'approved'])
    await page.getByRole('button', { name: 'Clear filters' }).first().click()
    await page.getByRole('combobox', { name: 'Tool' }).fill('crm.*')
    await page.getByRole('combobox', { name: 'Tool' }).press('Enter')
    await expect.poll(() => actions(page)).toEqual(['tool call ended'])
    await page.getByRole('combobox', { name: 'Time' }).selectOption('last 7 days')
    await page.getByText('Nothing matches these filters.').waitFor()
    await page.getByRole('combobox', { name: 'Time' }).selectOption('any')
    await page.getByRole('combobox', { name: 'Agent' }).fill('nobody')
    await page.getByRole('combobox', { name: 'Agent' }).press('Enter')
    await page.getByText('Nothing matches these filters.').waitFor()
    await page.getByRole('combobox', { name: 'Agent' }).fill('old')
    await page.getByRole('combobox', { name: 'Agent' }).press('Enter')
    await expect.poll(() => actions(page)).toEqual(['tool call ended'])
    expect(faults).toEqual([])
    await context.close()
  })

  it('shows what comes while it is read', async () => {
    const { page, context } = await stage.visit('carol', 'audit?agent=late')
    await page.getByText('Nothing matches these filters.').waitFor()
    await record(stage.namespace, [{ action: 'KeyCreated', agent: 'late', actor: 'alice@acme.com' }])
    await expect.poll(() => actions(page)).toEqual(['API key created'])
    await context.close()
  })
})

describe('an export', () => {
  beforeAll(async () => {
    const rest = { action: 'ToolExecuted', agent: 'exporter', tool: 'order_tools.note' } as const
    const starts = [
      '=1+1',
      '+1',
      '-1',
      '@SUM(A1)',
      '\t=1',
      '\r=1',
      '\n=1',
      '＝1',
      'plain',
      ' spaced ',
      '-',
      '',
    ]
    await record(stage.namespace, [
      ...Array.from({ length: 1100 }, (_, i) => ({ ...rest, outcome: `no. ${i}` })),
      ...starts.map(reason => ({ ...rest, reason })),
      hostile,
    ])
  })

  it('as JSONL holds, entry by entry, what the API says, far beyond what is shown', async () => {
    const { page, faults, context } = await stage.visit('carol', 'audit?agent=exporter')
    await expect.poll(() => actions(page)).toHaveLength(50)
    const { name, bytes } = await download(page, 'JSONL')
    expect(name).toMatch(
      new RegExp(`^${stage.namespace}-audit-\\d{4}-\\d\\d-\\d\\dT\\d\\d-\\d\\d-\\d\\dZ\\.jsonl$`),
    )
    const expected = await entries('&agent=exporter')
    expect(expected).toHaveLength(1113)
    expect(bytes.toString('utf8')).toBe(expected.map(entry => `${JSON.stringify(entry)}\n`).join(''))
    await page.getByText(`1,113 entries saved as ${name}`).waitFor()
    expect(await actions(page)).toHaveLength(50)
    expect(faults).toEqual([])
    await context.close()
  })

  it('as CSV keeps every field as it was, but for what a spreadsheet would calculate', async () => {
    const { page, faults, context } = await stage.visit('carol', 'audit?agent=exporter')
    const { name, bytes } = await download(page, 'CSV')
    expect(name).toMatch(/\.csv$/)
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    const [head = [], ...lines] = parseCsv(text)
    const expected = await entries('&agent=exporter')
    expect(lines).toHaveLength(expected.length)
    for (const [i, line] of lines.entries()) {
      expect(line).toHaveLength(head.length)
      for (const [j, column] of head.entries()) {
        const value = fieldOf(expected[i]!, column)
        const plain =
          value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)
        expect(line[j]).toBe(/^[=+\-@\t\r\n＝]/.test(plain) ? `'${plain}` : plain)
      }
    }
    const known = new Set(expected.flatMap(entry => Object.keys(entry)))
    expect([...known].filter(field => !head.includes(field))).toEqual([])
    const [top = []] = lines
    expect(top[head.indexOf('actor')]).toBe(`'=HYPERLINK("https://evil.example","me")`)
    expect(top[head.indexOf('reason')]).toBe(hostile.reason)
    expect(top[head.indexOf('outcome')]).toBe(`'+1-800 @home`)
    expect(JSON.parse(top[head.indexOf('params')] ?? '')).toEqual(hostile.params)
    expect(faults).toEqual([])
    await context.close()
  })

  it('that fails in the middle says so and saves nothing; tried again it is whole', async () => {
    const { page, context } = await stage.visit('carol', 'audit?agent=exporter')
    const saved: string[] = []
    page.on('download', file => void saved.push(file.suggestedFilename()))
    let asked = 0
    await page.route('**/audit?*limit=500*', route => (++asked === 2 ? route.abort() : route.continue()))
    await page.getByRole('button', { name: 'Export CSV' }).click()
    await page.getByText('The export failed after 500 entries, and nothing was saved').waitFor()
    expect(saved).toEqual([])
    const file = page.waitForEvent('download')
    await page.locator('.export').getByRole('button', { name: 'Try again' }).click()
    const { length } = parseCsv(await readFile(await (await file).path(), 'utf8'))
    expect(length).toBe(1114)
    await context.close()
  })

  it('can be cancelled on its way', async () => {
    const { page, context } = await stage.visit('carol', 'audit?agent=exporter')
    const saved: string[] = []
    page.on('download', file => void saved.push(file.suggestedFilename()))
    // The second page never comes.
    await page.route('**/audit?*limit=500*continue=*', () => {})
    await page.getByRole('button', { name: 'Export JSONL' }).click()
    await page.getByText('500 entries so far').waitFor()
    await page.getByRole('button', { name: 'Cancel the export' }).click()
    await page.getByText('The export was cancelled; nothing was saved.').waitFor()
    expect(saved).toEqual([])
    await context.close()
  })

  it('of nothing saves nothing', async () => {
    const { page, context } = await stage.visit('carol', 'audit?agent=nobody')
    await page.getByRole('button', { name: 'Export CSV' }).click()
    await page.getByText('Nothing matches these filters; nothing was saved.').waitFor()
    await context.close()
  })
})

function fieldOf(entry: Record<string, unknown>, column: string): unknown {
  const object = (entry.object ?? {}) as Record<string, unknown>
  const own: Record<string, unknown> = {
    objectKind: object.kind,
    objectName: object.name,
    objectGeneration: object.generation,
    diff: object.diff,
  }
  return column in own ? own[column] : entry[column]
}

/** RFC 4180, to the letter: CRLF between records, quotes doubled, and nothing else tolerated. */
function parseCsv(text: string): string[][] {
  const records: string[][] = []
  let at = 0
  while (at < text.length) {
    const fields: string[] = []
    for (;;) {
      let field = ''
      if (text[at] === '"') {
        for (at++; ; at++) {
          if (at >= text.length) throw new Error('a quoted field does not end')
          if (text[at] !== '"') field += text[at]
          else if (text[at + 1] === '"') {
            field += '"'
            at++
          } else break
        }
        at++
      } else {
        while (at < text.length && !',\r\n'.includes(text[at] ?? '')) {
          if (text[at] === '"') throw new Error('a quote stands in a field that is not quoted')
          field += text[at++]
        }
      }
      fields.push(field)
      if (text[at] === ',') at++
      else break
    }
    if (text.slice(at, at + 2) !== '\r\n') throw new Error(`a record does not end with CRLF at ${at}`)
    at += 2
    records.push(fields)
  }
  return records
}
