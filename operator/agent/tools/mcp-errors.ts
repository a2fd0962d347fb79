import { ProtocolError, SdkError, SdkErrorCode, SdkHttpError } from '@modelcontextprotocol/client'
import { BodyTooLarge, cutBytes } from '../../egress/body.ts'
import {
  describeNetworkError,
  findCause,
  networkCode,
  neverSent,
  RedirectRefused,
} from '../../egress/egress.ts'
import { STREAM_ENDED } from './mcp-transport.ts'

/**
 * What an exchange with an MCP server came to, as the end of a sentence whose subject is the server.
 * `ran`: what is known of a tool that was to be called: `No` it cannot have run, `Maybe`, `Refused` the server answered
 * with an error of its own.
 */
export interface McpFailure {
  readonly says: string
  readonly ran: 'No' | 'Maybe' | 'Refused'
}

/** How much of a server's own error message is passed on. */
const MAX_MESSAGE_BYTES = 4096

/** Reads an error of the MCP SDK or of the connection beneath it. Bodies and headers are not repeated. */
export function readMcpError(error: unknown): McpFailure {
  const large = findCause(error, (each): each is BodyTooLarge => each instanceof BodyTooLarge)
  if (large) return { says: `gave an answer of more than ${large.limit} bytes`, ran: 'Maybe' }
  if (error instanceof ProtocolError) {
    if (error.code === STREAM_ENDED) return { says: 'ended its answer without a result', ran: 'Maybe' }
    return { says: `refused: ${cutBytes(error.message, MAX_MESSAGE_BYTES)} (${error.code})`, ran: 'Refused' }
  }
  if (error instanceof SdkHttpError) return { says: httpSays(error.status), ran: 'Maybe' }
  const redirect = findCause(error, each => each instanceof RedirectRefused)
  if (redirect !== undefined) return { says: describeNetworkError(redirect), ran: 'Refused' }
  if (neverSent(error)) return { says: `could not be reached: ${describeNetworkError(error)}`, ran: 'No' }
  if (networkCode(error) !== undefined && !(error instanceof SdkError)) {
    return { says: `did not answer: ${describeNetworkError(error)}`, ran: 'Maybe' }
  }
  if (error instanceof SdkError) return sdkSays(error)
  if (error instanceof TypeError)
    return { says: `did not answer: ${describeNetworkError(error)}`, ran: 'Maybe' }
  return { says: 'gave an answer that is not of the Model Context Protocol', ran: 'Maybe' }
}

function httpSays(status: number): string {
  switch (status) {
    case 401:
    case 403:
      return `refused our credentials (HTTP ${status}): check the Secret of headersSecretRef`
    case 404:
      return 'answered HTTP 404: the URL is wrong, or it has forgotten our session'
    default:
      return `answered HTTP ${status}`
  }
}

function sdkSays(error: SdkError): McpFailure {
  switch (error.code) {
    case SdkErrorCode.UnsupportedResultType:
      return { says: 'asked for more input from a person, which an agent cannot give', ran: 'Maybe' }
    case SdkErrorCode.RequestTimeout:
      return { says: 'did not answer in time', ran: 'Maybe' }
    case SdkErrorCode.ConnectionClosed:
    case SdkErrorCode.NotConnected:
      return { says: 'closed the connection', ran: 'Maybe' }
    case SdkErrorCode.EraNegotiationFailed: {
      const cause = error.cause ?? (error as { data?: { cause?: unknown } }).data?.cause
      if (cause !== undefined && cause !== error) return readMcpError(cause)
      return { says: 'speaks no version of the Model Context Protocol that we know', ran: 'Maybe' }
    }
    default:
      return { says: 'gave an answer that is not of the Model Context Protocol', ran: 'Maybe' }
  }
}
