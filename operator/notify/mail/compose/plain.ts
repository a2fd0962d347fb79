import { visible } from '../../../policy/visible.ts'
import type { Block } from './blocks.ts'

const WIDTH = 76

/** The blocks as plain text. */
export const plainText = (blocks: readonly Block[]): string => `${blocks.map(written).join('\n\n')}\n`

function written(block: Block): string {
  switch (block.kind) {
    case 'Title':
      return `${visible(block.text)}\n${'='.repeat(Math.min(WIDTH, block.text.length))}`
    case 'Heading':
      return `${visible(block.text)}:`
    case 'Words':
    case 'Small':
      return wrapped(visible(block.text))
    case 'Link':
      return `${visible(block.label)}:\n${block.url}`
    case 'Facts': {
      const width = Math.max(...block.rows.map(([label]) => label.length)) + 2
      return block.rows.map(([label, value]) => `${`${label}:`.padEnd(width)}${visible(value)}`).join('\n')
    }
    case 'Code':
      return block.lines.map(line => `    ${visible(line)}`).join('\n')
    case 'Quote':
      return block.lines.map(line => `  | ${visible(line)}`).join('\n')
    case 'List':
      return block.items
        .map(({ head, detail, url }) =>
          [`- ${visible(head)}`, `  ${visible(detail)}`, ...(url === undefined ? [] : [`  ${url}`])].join(
            '\n',
          ),
        )
        .join('\n')
  }
}

/** Broken between words, as mail in plain text is read. */
function wrapped(text: string): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > WIDTH) {
      lines.push(line)
      line = word
    } else line += line === '' ? word : ` ${word}`
  }
  return [...lines, line].join('\n')
}
