import { z } from 'zod'
import { catalogue, type ProblemCode } from '../problems/catalogue.ts'
import { component } from './components.ts'

/** An RFC 9457 problem document. */
export const problemDocument = component(
  'Problem',
  z.looseObject({
    type: z.string().describe('Which problem: a tag URI, made of `code`.'),
    title: z.string().describe('The problem in a few words.'),
    status: z.int().describe('The HTTP status.'),
    detail: z.string().describe('What is wrong with this very request, for people.'),
    instance: z.string().optional().describe('Path of the request.'),
    code: z.enum(Object.keys(catalogue) as [ProblemCode, ...ProblemCode[]]).describe('Which problem.'),
    requestId: z.string().optional().describe('Id of the request in the log of the gateway.'),
  }),
)
