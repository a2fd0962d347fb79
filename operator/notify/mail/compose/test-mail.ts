import type { TestNotice } from '../../types.ts'
import type { Block } from './blocks.ts'
import type { Content } from './composed.ts'
import { htmlText } from './html.ts'
import { plainText } from './plain.ts'
import { footer } from './words.ts'

/** A mail that somebody asked for to see whether it arrives. */
export function testMail({ project, askedBy, url }: TestNotice): Content {
  const subject = `Test message (${project})`
  const blocks: Block[] = [
    { kind: 'Title', text: 'This is a test' },
    {
      kind: 'Words',
      text: `${askedBy ?? 'Somebody'} asked for it to see whether mail of the project ${project} reaches you. It does; there is nothing to decide.`,
    },
    ...(url === undefined ? [] : [{ kind: 'Link', label: 'Open the page', url } as const]),
    { kind: 'Small', text: footer([project]) },
  ]
  return { subject, text: plainText(blocks), html: htmlText(subject, blocks) }
}
