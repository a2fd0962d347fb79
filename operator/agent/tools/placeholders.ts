import type { HttpTool } from '../../../crds/v1alpha1/agent.ts'
import type { JsonObject, JsonValue } from '../../../crds/v1alpha1/common.ts'

export type BuiltRequest =
  | { readonly ok: true; readonly url: URL; readonly body: string | undefined }
  | { readonly ok: false; readonly error: string }

const refuse = (error: string): BuiltRequest => ({ ok: false, error })

/**
 * The request that a call of an HTTP tool makes. `{placeholders}` of the URL are filled first; the other parameters go
 * into the query (GET, DELETE: lists repeat the key, objects are written as JSON) or into a JSON body.
 * A parameter can never change the host, leave its path segment or override what the URL itself fixes. Errors are
 * sentences for the model and name no value.
 */
export function buildRequest(tool: HttpTool, params: JsonObject): BuiltRequest {
  const split = /^(https?:\/\/[^/?#]*)([^?#]*)(\?[^#]*)?/.exec(tool.url)
  if (split === null) return refuse(`The URL of the tool ${tool.name} is not one.`)
  const [, origin = '', path = '', query = ''] = split
  if (origin.includes('{')) {
    return refuse(`The URL of the tool ${tool.name} has a placeholder in its host, which is not allowed.`)
  }
  const used = new Set<string>()
  const faults: string[] = []
  const fill = (template: string): string =>
    template.replace(/\{([^{}]*)\}/g, (_, name: string) => {
      used.add(name)
      const value = Object.hasOwn(params, name) ? params[name] : undefined
      const text = segmentText(value)
      if (text === undefined) {
        faults.push(
          value === undefined
            ? `The parameter ${name} is missing; it is part of the tool's URL.`
            : `The parameter ${name} is part of the tool's URL: it must be a string that is not empty, a number or a boolean.`,
        )
        return ''
      }
      return text
    })
  const filledPath = fill(path)
  const filledQuery = fill(query)
  if (faults[0] !== undefined) return refuse(faults[0])
  // Percent-encoded dots count as dots when a URL is parsed, so . and .. are looked for after decoding.
  if (filledPath.split(/[/\\]/).some(segment => /^\.{1,2}$/.test(segment.replace(/%2e/gi, '.')))) {
    return refuse('A parameter that is part of the URL may not be . or ..')
  }
  if (!URL.canParse(origin + filledPath + filledQuery)) {
    return refuse(`The URL of the tool ${tool.name} is not one.`)
  }
  const url = new URL(origin + filledPath + filledQuery)
  if (url.username !== '' || url.password !== '') {
    return refuse(`The URL of the tool ${tool.name} holds credentials. Put them into its headers Secret.`)
  }
  const rest = Object.entries(params).filter(([name]) => !used.has(name))
  if (tool.method === 'GET' || tool.method === 'DELETE') {
    const fixed = new Set(url.searchParams.keys())
    for (const [name, value] of rest) {
      if (fixed.has(name)) return refuse(`The parameter ${name} is fixed by the tool's URL. Leave it out.`)
      for (const each of Array.isArray(value) ? value : [value]) {
        url.searchParams.append(name, queryText(each))
      }
    }
    return { ok: true, url, body: undefined }
  }
  return { ok: true, url, body: JSON.stringify(Object.fromEntries(rest)) }
}

function segmentText(value: JsonValue | undefined): string | undefined {
  switch (typeof value) {
    case 'string':
      return value === '' || !value.isWellFormed() ? undefined : encodeURIComponent(value)
    case 'number':
    case 'boolean':
      return encodeURIComponent(String(value))
    default:
      return undefined
  }
}

const queryText = (value: JsonValue): string => (typeof value === 'string' ? value : JSON.stringify(value))
