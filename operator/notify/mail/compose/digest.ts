import type { Notice } from '../../types.ts'
import type { Block, Item } from './blocks.ts'
import { type Content, withinSize } from './composed.ts'
import { htmlText } from './html.ts'
import { plainText } from './plain.ts'
import { moment, span } from './times.ts'
import { asks, footer, NO_DECIDING_HERE, titleOf, toolName } from './words.ts'

type Notices = readonly [Notice, ...Notice[]]

/** Most requests that one mail lists, and projects that it links to. */
const MOST = 50
const MOST_PROJECTS = 10

/** A mail about several requests: how many, which is the first to expire, and a list. */
export function digestMail(notices: Notices, now: number): Content {
  // A request of which several things are to be told stands once: as what was told last.
  const byRequest = new Map(notices.map(notice => [notice.request.metadata.uid ?? notice.id, notice]))
  const all = [...byRequest.values()]
  const waiting = all.filter(({ event }) => asks(event)).sort((a, b) => a.expiresAt - b.expiresAt)
  const over = all.filter(({ event }) => !asks(event))
  const subject = subjectOf(waiting, over)
  return withinSize(share => {
    const blocks = listed(waiting, over, now, Math.ceil(MOST * share))
    return { subject, text: plainText(blocks), html: htmlText(subject, blocks) }
  })
}

function subjectOf(waiting: readonly Notice[], over: readonly Notice[]): string {
  const projects = projectsOf([...waiting, ...over])
  const where = projects.length === 1 ? projects[0] : `${projects.length} projects`
  if (waiting.length === 0) return `${count(over.length, 'request')} of ${where} ended`
  return over.length === 0
    ? `${count(waiting.length, 'approval')} wanted in ${where}`
    : `${count(waiting.length, 'approval')} wanted, ${over.length} ended in ${where}`
}

function listed(waiting: readonly Notice[], over: readonly Notice[], now: number, most: number): Block[] {
  const all = [...waiting, ...over]
  const shown = all.slice(0, most)
  const [first] = waiting
  const projects = projectsOf(all)
  const links = projects.flatMap(project => {
    const url = all.find(({ request }) => request.metadata.namespace === project)?.url
    return url === undefined ? [] : [{ project, url: listURL(url) }]
  })
  return [
    { kind: 'Title', text: subjectOf(waiting, over) },
    ...(first === undefined
      ? []
      : [
          {
            kind: 'Words',
            text: `The first expires at ${moment(first.expiresAt)}, ${span(first.expiresAt - now)} after this was sent.`,
          } as const,
        ]),
    ...links
      .slice(0, MOST_PROJECTS)
      .map(({ project, url }) => ({ kind: 'Link', label: `All that wait in ${project}`, url }) as const),
    ...(links.length === 0 ? [] : [{ kind: 'Words', text: NO_DECIDING_HERE } as const]),
    { kind: 'List', items: shown.map(itemOf) },
    ...(shown.length === all.length
      ? []
      : [
          {
            kind: 'Words',
            text: `… and ${all.length - shown.length} more, ${all.length} in all: the page and kubectl approvals list them.`,
          } as const,
        ]),
    { kind: 'Small', text: 'So many came at once that they are told of in one mail.' },
    { kind: 'Small', text: footer(projects.slice(0, MOST_PROJECTS)) },
  ]
}

function itemOf({ event, request, expiresAt, url }: Notice): Item {
  const { metadata, spec } = request
  const when = asks(event) ? `until ${moment(expiresAt)}` : titleOf(event, request).toLowerCase()
  return {
    head: `${toolName(request)}: ${when}`,
    detail: `${spec.agentRef.name}, run ${spec.runRef.name}, request ${metadata.name} in ${metadata.namespace}`,
    url,
  }
}

const projectsOf = (notices: readonly Notice[]): string[] => [
  ...new Set(notices.map(({ request }) => request.metadata.namespace ?? '')),
]

/** The page's list of what waits in a project, from the address of one of its requests. */
const listURL = (url: string): string => url.replace(/\/[^/]*$/, '')

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`
