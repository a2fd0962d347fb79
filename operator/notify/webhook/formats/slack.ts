import { cutText } from '../../../policy/json.ts'
import { visible } from '../../../policy/visible.ts'
import type { Notice, TestNotice } from '../../types.ts'
import { cutBytes } from './cut.ts'
import { factsOf, TEST_WORDS } from './facts.ts'

// Limits of Block Kit, in characters; a message as a whole is refused (msg_blocks_too_long) somewhere beyond 13,000.
const HEADER = 150
const URL_LENGTH = 3000
const FALLBACK = 300
// Of ours, in bytes of JSON, so that all of a message stays under 12,000.
const ROW = 400
const MESSAGE = 1200
const PARAMS = 3000
const WHY = 1500
const END = 1500

/*
 * Values stand in plain_text and rich_text elements alone: Slack parses neither, so that nothing in them is a mention,
 * a link or markup. The one text that it does parse is the fallback `text`, which is escaped.
 */

/** A notice as an incoming webhook of Slack takes it. */
export function slackMessage(notice: Notice): object {
  const facts = factsOf(notice)
  const lines = facts.rows.map(([label, value]) => [bold(`${label}: `), plain(`${cutBytes(value, ROW)}\n`)])
  const until = facts.deadline === undefined ? [] : [bold('Expires: '), dateElement(facts.deadline)]
  return message(facts.title, [
    richText(section([...lines.flat(), ...until])),
    ...(facts.end === undefined ? [] : [richText(section([plain(cutBytes(facts.end, END))]))]),
    ...(facts.message === undefined || facts.message === ''
      ? []
      : [richText({ type: 'rich_text_quote', elements: [plain(cutBytes(facts.message, MESSAGE))] })]),
    richText(section([bold('Parameters')]), preformatted(cutBytes(facts.params, PARAMS))),
    richText(
      section([bold(facts.deadline === undefined ? 'Why it waited' : 'Why it waits')]),
      preformatted(cutBytes(facts.why, WHY)),
    ),
    ...button(notice.url, facts.deadline === undefined ? 'Show the request' : 'Open the request'),
  ])
}

/** A test as an incoming webhook of Slack takes it. */
export const slackTest = ({ project, askedBy, url }: TestNotice): object =>
  message(`Countersign test: ${visible(project)}`, [
    richText(
      section([
        plain(TEST_WORDS),
        ...(askedBy === undefined ? [] : [plain(`\nAsked for by ${cutBytes(visible(askedBy), ROW)}.`)]),
      ]),
    ),
    ...button(url, 'Open the page'),
  ])

const message = (title: string, blocks: readonly object[]): object => ({
  text: escaped(cutText(title, FALLBACK)),
  mrkdwn: false,
  parse: 'none',
  link_names: false,
  unfurl_links: false,
  unfurl_media: false,
  blocks: [
    { type: 'header', text: { type: 'plain_text', text: cutText(title, HEADER), emoji: false } },
    ...blocks,
  ],
})

/** `&`, `<` and `>` are all that Slack gives a meaning to, beside the marks that `mrkdwn: false` turns off. */
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const richText = (...elements: readonly object[]) => ({ type: 'rich_text', elements })
const section = (elements: readonly object[]) => ({ type: 'rich_text_section', elements })
const preformatted = (text: string) => ({ type: 'rich_text_preformatted', elements: [plain(text)] })
const plain = (text: string) => ({ type: 'text', text })
const bold = (text: string) => ({ type: 'text', text, style: { bold: true } })

/** In the zone and language of whoever reads it. */
const dateElement = (ms: number) => ({
  type: 'date',
  timestamp: Math.floor(ms / 1000),
  format: '{date_short_pretty} at {time}',
  fallback: new Date(ms).toISOString(),
})

const button = (url: string | undefined, label: string): object[] =>
  url === undefined || url.length > URL_LENGTH
    ? []
    : [
        {
          type: 'actions',
          elements: [
            {
              type: 'button',
              text: { type: 'plain_text', text: label, emoji: false },
              url,
              style: 'primary',
            },
          ],
        },
      ]
