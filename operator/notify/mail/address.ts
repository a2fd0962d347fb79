import { domainToASCII } from 'node:url'
import { cutText } from '../../policy/json.ts'
import { visible } from '../../policy/visible.ts'

/** A mailbox as it stands in a header: an address and, for people, a name. */
export interface Mailbox {
  readonly address: string
  readonly name: string
}

/** Longest address that SMTP carries (RFC 5321, 4.5.3.1.3), and its part before the @. */
const MOST = 254
const MOST_LOCAL = 64
/** The unquoted form alone: no comma, quote, bracket, space or control can make two recipients of one. */
const LOCAL = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
const DOMAIN = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i

/**
 * The one address that this is, as SMTP takes it (a domain in other letters in its ASCII form); undefined: it is none
 * that mail can be sent to.
 */
export function mailAddress(text: string): string | undefined {
  const at = text.lastIndexOf('@')
  const local = text.slice(0, Math.max(at, 0))
  const domain = text.slice(at + 1)
  // Checked before domainToASCII reads it, which takes away what it does not like.
  if (!LOCAL.test(local) || local.length > MOST_LOCAL || !/^[\p{L}\p{M}\p{N}.-]+$/u.test(domain))
    return undefined
  const ascii = domainToASCII(domain)
  const address = `${local}@${ascii}`
  return DOMAIN.test(ascii) && address.length <= MOST ? address : undefined
}

/**
 * A text as it may stand in a header: one line, nothing that deceives, and nothing that a reader takes for an encoded
 * word (`=?utf-8?Q?...?=`) and decodes.
 */
export const headerText = (text: string): string => visible(text).replaceAll('=?', '= ?')

/** A name as it may stand before an address: it holds none of the characters that end a name or begin an address. */
export const headerName = (text: string, most = 100): string =>
  cutText(
    headerText(text)
      .replace(/["\\<>@,;:()[\]]/g, ' ')
      .replace(/ +/g, ' ')
      .trim(),
    most,
  )

/** `Name <address>` or an address alone; undefined: neither. */
export function parseMailbox(text: string): Mailbox | undefined {
  const named = /^([^<>]*)<([^<>]*)>$/.exec(text.trim())
  const address = mailAddress((named?.[2] ?? text).trim())
  return address === undefined ? undefined : { address, name: headerName(named?.[1] ?? '') }
}

/** What stands behind the @. */
export const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1)
