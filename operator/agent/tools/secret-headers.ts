export type HeadersRead =
  | { readonly ok: true; readonly headers: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly message: string }

/** Headers that belong to the connection, or that we set ourselves. */
const OURS = new Set([
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'idempotency-key',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** The data of a Secret as HTTP headers, each key one. A message names the key, never the value. */
export function toHeaders(data: Readonly<Record<string, string>>): HeadersRead {
  for (const [name, value] of Object.entries(data)) {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
      return {
        ok: false,
        message: `The key ${JSON.stringify(name)} of the Secret is not the name of a header.`,
      }
    }
    if (OURS.has(name.toLowerCase()) || /^mcp-/i.test(name)) {
      return { ok: false, message: `The header ${name} is not one that a Secret may set.` }
    }
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      return { ok: false, message: `The value of the key ${name} of the Secret may not stand in a header.` }
    }
  }
  return { ok: true, headers: data }
}
