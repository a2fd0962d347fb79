import { visible } from '../../../policy/visible.ts'
import type { Block } from './blocks.ts'

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** A text as HTML shows it: nothing in it is markup, and what could deceive is written out. */
const shown = (text: string): string =>
  visible(text).replace(/[&<>"']/g, character => ESCAPES[character] ?? '')

/**
 * No colour but the button's and that of lines, which are seen on white and on black alike: whatever a mail program
 * makes of a dark screen by itself stays readable. Nothing is fetched.
 */
const STYLE = {
  body: 'margin:0;padding:16px;font:16px/1.5 system-ui,-apple-system,Segoe UI,Roboto,sans-serif',
  box: 'max-width:640px;margin:0 auto',
  title: 'font-size:20px;line-height:1.3;margin:0 0 12px;overflow-wrap:anywhere',
  heading: 'font-size:16px;margin:24px 0 6px',
  words: 'margin:0 0 12px;overflow-wrap:anywhere',
  small: 'margin:12px 0 0;font-size:14px;opacity:0.8;overflow-wrap:anywhere',
  button:
    'display:inline-block;padding:12px 20px;border-radius:6px;background:#0f766e;color:#ffffff;font-weight:600;text-decoration:none',
  table: 'border-collapse:collapse;margin:0 0 12px',
  label:
    'padding:2px 16px 2px 0;vertical-align:top;white-space:nowrap;opacity:0.8;text-align:left;font-weight:normal',
  value: 'padding:2px 0;vertical-align:top;overflow-wrap:anywhere;word-break:break-word',
  code: 'margin:0 0 12px;padding:8px 12px;border:1px solid #8a8a8a;border-radius:6px;font:14px/1.5 ui-monospace,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere',
  quote: 'margin:0 0 12px;padding:2px 0 2px 12px;border-left:3px solid #8a8a8a;overflow-wrap:anywhere',
  item: 'padding:8px 0;border-bottom:1px solid #8a8a8a;overflow-wrap:anywhere;word-break:break-word',
} as const

/** The blocks as a whole HTML document. */
export const htmlText = (subject: string, blocks: readonly Block[]): string =>
  [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">',
    // Else some programs make links of numbers and dates.
    '<meta name="format-detection" content="telephone=no,date=no,address=no,email=no,url=no">',
    `<title>${shown(subject)}</title></head>`,
    `<body style="${STYLE.body}"><div style="${STYLE.box}">`,
    ...blocks.map(written),
    '</div></body></html>',
    '',
  ].join('\n')

function written(block: Block): string {
  switch (block.kind) {
    case 'Title':
      return `<h1 style="${STYLE.title}">${shown(block.text)}</h1>`
    case 'Heading':
      return `<h2 style="${STYLE.heading}">${shown(block.text)}</h2>`
    case 'Words':
      return `<p style="${STYLE.words}">${shown(block.text)}</p>`
    case 'Small':
      return `<p style="${STYLE.small}">${shown(block.text)}</p>`
    case 'Link':
      return `<p style="${STYLE.words}"><a href="${shown(block.url)}" style="${STYLE.button}">${shown(block.label)}</a></p>`
    case 'Facts':
      return `<table style="${STYLE.table}">${block.rows
        .map(
          ([label, value]) =>
            `<tr><th scope="row" style="${STYLE.label}">${shown(label)}</th><td style="${STYLE.value}">${shown(value)}</td></tr>`,
        )
        .join('\n')}</table>`
    case 'Code':
      return `<pre style="${STYLE.code}">${block.lines.map(shown).join('\n')}</pre>`
    case 'Quote':
      return `<blockquote style="${STYLE.quote}">${block.lines.map(shown).join('<br>\n')}</blockquote>`
    case 'List':
      return `<table role="presentation" style="${STYLE.table};width:100%">${block.items
        .map(({ head, detail, url }) => {
          const title =
            url === undefined ? `<b>${shown(head)}</b>` : `<a href="${shown(url)}"><b>${shown(head)}</b></a>`
          return `<tr><td style="${STYLE.item}">${title}<br>${shown(detail)}</td></tr>`
        })
        .join('\n')}</table>`
  }
}
