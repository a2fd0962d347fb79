import { invalid, problem } from '../problems/problem.ts'
import type { App } from './app.ts'
import { jsonFault } from './json-bounds.ts'
import { inviteBody } from './node-server.ts'

/** Bytes of a body where a route says nothing else. */
export const maxBodyBytes = 64 * 1024
/** Bytes of a body that holds many things, or somebody's long text: `bodyLimit` of such a route. */
export const maxLargeBodyBytes = 256 * 1024

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Takes JSON bodies only; an empty one reads as absent (`curl -X POST` with a content type and nothing else). */
export function takeJsonBodies(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  // After the credentials were checked and before the body is read.
  app.addHook('preParsing', async (request, reply) => {
    const { 'content-encoding': encoding, 'content-type': type = '' } = request.headers
    const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(type)?.[1]
    if (encoding !== undefined || (charset !== undefined && !/^utf-?8$/i.test(charset))) {
      throw problem('UnsupportedMediaType', {})
    }
    inviteBody(request.raw, reply.raw)
  })
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    let text: string
    try {
      text = utf8.decode(body as Buffer)
    } catch (cause) {
      done(problem('Malformed', { what: 'The body is not valid UTF-8.' }, { cause }))
      return
    }
    if (text.trim() === '') {
      done(null, undefined)
      return
    }
    parse(request, text, (error, value) => {
      const fault = error === null ? jsonFault(text) : undefined
      if (fault !== undefined) done(problem('Malformed', { what: fault }))
      // Not the same as nothing: where a body may be absent, null would read as `{}`.
      else if (error === null && value === null)
        done(invalid([{ path: '', message: 'is null, not an object' }]))
      else done(error, value)
    })
  })
}
