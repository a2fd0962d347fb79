import type { App } from './app.ts'

/** Takes JSON bodies only; an empty one reads as absent (`curl -X POST` with a content type and nothing else). */
export function takeJsonBodies(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = body.toString()
    if (text.trim() === '') done(null, undefined)
    else parse(request, text, done)
  })
}
