import { visible } from '../../../policy/visible.ts'
import type { Notice, TestNotice } from '../../types.ts'
import { CUT_HERE, cutBytes } from './cut.ts'
import { factsOf, TEST_WORDS } from './facts.ts'

// Teams takes 28 KB. Bytes of JSON of ours, so that all of a message stays under 24 KB.
const TITLE = 700
const ROW = 500
const MESSAGE = 2000
const PARAMS = 7000
const WHY = 3000
const END = 2000
/** Most lines of a text that is shown line by line. */
const LINES = 20

/*
 * Values stand in TextRuns and CodeBlocks alone: unlike TextBlocks and facts they know no Markdown. Mentions need an
 * entity, of which there are none.
 */

/** A notice as a Workflows webhook of Teams takes it. */
export function teamsMessage(notice: Notice): object {
  const facts = factsOf(notice)
  return envelope(
    facts.title,
    [
      ...facts.rows.map(([label, value]) => row(label, cutBytes(inert(value), ROW))),
      ...(facts.deadline === undefined ? [] : [expires(facts.deadline)]),
      ...(facts.end === undefined ? [] : lines(cutBytes(inert(facts.end), END))),
      ...(facts.message === undefined || facts.message === ''
        ? []
        : lines(cutBytes(inert(facts.message), MESSAGE))),
      heading('Parameters'),
      code(cutBytes(inert(facts.params), PARAMS)),
      heading(facts.deadline === undefined ? 'Why it waited' : 'Why it waits'),
      code(cutBytes(inert(facts.why), WHY)),
    ],
    notice.url,
    facts.deadline === undefined ? 'Show the request' : 'Open the request',
  )
}

/** A test as a Workflows webhook of Teams takes it. */
export const teamsTest = ({ project, askedBy, url }: TestNotice): object =>
  envelope(
    `Countersign test: ${visible(project)}`,
    [
      ...lines(TEST_WORDS),
      ...(askedBy === undefined ? [] : [row('Asked for by', cutBytes(inert(visible(askedBy)), ROW))]),
    ],
    url,
    'Open the page',
  )

const envelope = (
  title: string,
  body: readonly object[],
  url: string | undefined,
  label: string,
): object => ({
  type: 'message',
  attachments: [
    {
      contentType: 'application/vnd.microsoft.card.adaptive',
      contentUrl: null,
      content: {
        $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
        type: 'AdaptiveCard',
        version: '1.5',
        msteams: { width: 'Full' },
        body: [
          text({ type: 'TextRun', text: cutBytes(inert(title), TITLE), weight: 'Bolder', size: 'Large' }),
          ...body,
        ],
        ...(url === undefined || url.length > 2048
          ? {}
          : { actions: [{ type: 'Action.OpenUrl', title: label, url }] }),
      },
    },
  ],
})

/** Cards read `{{DATE(...)}}` in any text as a function. As JSON escapes it, it is none. */
const inert = (value: string): string => value.replace(/\{(?=\{)/g, '\\u007b')

const text = (...inlines: readonly object[]) => ({ type: 'RichTextBlock', inlines })
const run = (value: string) => ({ type: 'TextRun', text: value })
const heading = (value: string) => text({ type: 'TextRun', text: value, weight: 'Bolder' })
const row = (label: string, value: string) =>
  text({ type: 'TextRun', text: `${label}: `, weight: 'Bolder' }, run(value))
/** A block a line: what a TextRun makes of a line break differs from client to client. */
function lines(value: string): object[] {
  const all = value.split('\n')
  const shown = all.length <= LINES ? all : [...all.slice(0, LINES - 1), CUT_HERE]
  return shown.map(line => text(run(line === '' ? ' ' : line)))
}
const code = (value: string) => ({
  type: 'CodeBlock',
  codeSnippet: value,
  language: 'PlainText',
  fallback: text(run('This app cannot show it: open the request.')),
})

/** In the zone and language of whoever reads it. The one block that is parsed: it holds nothing of anybody else. */
const expires = (ms: number) => {
  const time = new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z')
  return { type: 'TextBlock', text: `**Expires:** {{DATE(${time}, SHORT)}} {{TIME(${time})}}`, wrap: true }
}
