import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../http/app.ts'
import type { PageFile, PageFiles } from './files.ts'

/** Own files only: no inline script or style, nothing from elsewhere, and no text that becomes markup. */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

/** The page at `/`, and under each address that it gives itself. */
export function pageRoutes(app: App, files: PageFiles): void {
  const serve = (url: string, file: PageFile) =>
    app.get(url, { schema: { hide: true } }, async (request, reply) => send(request, reply, file))
  for (const [path, file] of files) {
    if (path !== '/index.html') serve(path, file)
  }
  const index = files.get('/index.html')
  if (index === undefined) return
  for (const url of ['/', '/projects', '/projects/*']) serve(url, index)
}

function send(request: FastifyRequest, reply: FastifyReply, file: PageFile): FastifyReply {
  reply
    .header('content-security-policy', pagePolicy)
    .header('etag', file.etag)
    .header('vary', 'accept-encoding')
  if (file.immutable) reply.header('cache-control', 'public, max-age=31536000, immutable')
  reply.type(file.type)
  if (request.headers['if-none-match'] === file.etag) return reply.code(304).send()
  const packed = file.gzip
  if (
    packed === undefined ||
    !/\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/.test(request.headers['accept-encoding'] ?? '')
  ) {
    return reply.send(file.plain)
  }
  return reply.header('content-encoding', 'gzip').send(packed)
}
