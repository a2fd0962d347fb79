import { isDeepStrictEqual } from 'node:util'
import type { CallToolResult, ContentBlock } from '@modelcontextprotocol/client'

/**
 * An MCP tool's result as one text. Structured content is written as JSON, unless a text block already is that JSON
 * (the protocol asks servers to send both). Images, sound and files are named, never inlined.
 */
export function resultText(result: CallToolResult): string {
  const blocks = result.content.map(blockText)
  const structured = result.structuredContent
  const repeated = result.content.some(
    block => block.type === 'text' && structured !== undefined && isJSONOf(block.text, structured),
  )
  if (structured !== undefined && !repeated) blocks.push(JSON.stringify(structured))
  return blocks.join('\n')
}

function isJSONOf(text: string, value: unknown): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(text), value)
  } catch {
    return false
  }
}

function blockText(block: ContentBlock): string {
  switch (block.type) {
    case 'text':
      return block.text
    case 'image':
    case 'audio':
      return `[${block.type} ${block.mimeType}, ${decodedBytes(block.data)} bytes, not shown]`
    case 'resource_link':
      return `[resource ${block.name}: ${block.uri}]`
    case 'resource':
      return 'text' in block.resource
        ? block.resource.text
        : `[file ${block.resource.uri} ${block.resource.mimeType ?? ''}, ${decodedBytes(block.resource.blob)} bytes, not shown]`
    default:
      return `[content of the unknown type ${String((block as { type: unknown }).type)}, not shown]`
  }
}

const decodedBytes = (base64: string): number => Math.floor((base64.replace(/=+$/, '').length * 3) / 4)
