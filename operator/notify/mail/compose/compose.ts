import { createHash } from 'node:crypto'
import { noticeId } from '../../notice.ts'
import type { Addressee, Notice, TestNotice } from '../../types.ts'
import { domainOf, headerName, headerText, type Mailbox } from '../address.ts'
import type { Composed, Content } from './composed.ts'
import { digestMail } from './digest.ts'
import { singleMail } from './single.ts'
import { testMail } from './test-mail.ts'

type Notices = readonly [Notice, ...Notice[]]

export interface Letter {
  readonly from: Mailbox
  /** Checked to be one (address.ts). */
  readonly address: string
  readonly name: Addressee['name']
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** The mail that tells of one notice, or of several. */
export function composeNotices(letter: Letter, target: string, notices: Notices): Composed {
  const [first, ...others] = notices
  const digest = others.length > 0
  return composed(
    letter,
    digest ? digestMail(notices, letter.now) : singleMail(first, letter.now),
    digest ? idOf(notices) : first.id,
    digest ? undefined : rootOf(first, target),
  )
}

export const composeTest = (letter: Letter, notice: TestNotice): Composed =>
  composed(letter, testMail(notice), notice.id, undefined)

function composed(
  { from, address, name, now }: Letter,
  content: Content,
  id: string,
  root: string | undefined,
): Composed {
  return {
    ...content,
    subject: headerText(content.subject),
    from,
    to: { address, name: headerName(name ?? '') },
    messageId: messageId(id, from),
    references: root === undefined || root === id ? undefined : messageId(root, from),
    date: new Date(now),
  }
}

const messageId = (id: string, from: Mailbox): string => `<${id}@${domainOf(from.address)}>`

/** The mail about the request itself: what follows is shown beneath it. */
const rootOf = ({ request }: Notice, target: string): string =>
  noticeId(request, { event: 'Requested', channel: 'Email', target })

/** Not that of one of them: mail programs and servers drop a second mail of the same Message-ID. */
const idOf = (notices: Notices): string =>
  `msg_${createHash('sha256')
    .update(JSON.stringify(notices.map(({ id }) => id)))
    .digest('hex')
    .slice(0, 32)}`
