import type { FastifySchemaCompiler, FastifySerializerCompiler, FastifyTypeProvider } from 'fastify'
import type { z } from 'zod'
import { invalid, problem } from '../problems/problem.ts'

/** Types a route's params, query and body by its zod schemas. */
export interface ZodTypeProvider extends FastifyTypeProvider {
  readonly validator: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown
  readonly serializer: this['schema'] extends z.ZodType ? z.input<this['schema']> : unknown
}

/**
 * Checks one part of a request. A path that holds no valid name leads nowhere (404); a query or body that does not
 * fit is 422. A parameter without a value (`?agent=`) and a missing body read as absent and as `{}`.
 */
export const zodValidator: FastifySchemaCompiler<unknown> = ({ schema, httpPart }) => {
  const type = schema as z.ZodType
  return (data: unknown) => {
    const result = type.safeParse(prepared(data, httpPart))
    if (result.success) return { value: result.data }
    if (httpPart === 'params') {
      return { error: problem('NotFound', { what: 'The path holds something that is not a valid name.' }) }
    }
    const errors = result.error.issues.map(issue => ({ path: issue.path.join('.'), message: issue.message }))
    return { error: invalid(errors) }
  }
}

function prepared(data: unknown, httpPart: string | undefined): unknown {
  if (httpPart === 'body') return data ?? {}
  if (httpPart !== 'querystring') return data
  return Object.fromEntries(
    Object.entries(data as Record<string, unknown>).filter(([, value]) => value !== ''),
  )
}

/** Answers are built by code that the compiler checks, so they are only written out. */
export const jsonSerializer: FastifySerializerCompiler<unknown> = () => data => JSON.stringify(data)
