/** Where the gateway is, or what is wrong with what was typed. */
export type Address =
  | { readonly kind: 'Address'; readonly base: URL }
  | { readonly kind: 'Wrong'; readonly message: string }

/** Only the own machine: a name would be looked up, and could be anybody's. */
const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)

const wrong = (message: string): Address => ({ kind: 'Wrong', message })

/** Reads the address of the gateway. A path is kept, for a gateway behind one. */
export function addressOf(typed: string | undefined, insecureHttp: boolean): Address {
  if (!typed) {
    return wrong(
      'keys needs the address of the gateway: --gateway https://... or the environment variable COUNTERSIGN_GATEWAY. Whoever installed Countersign knows it; it is the address of the page.',
    )
  }
  const base = URL.canParse(typed) ? new URL(typed) : undefined
  if (!base || !['http:', 'https:'].includes(base.protocol)) {
    return wrong('The address of the gateway must begin with https:// (or http:// on this machine).')
  }
  // Not shown again: what stands there may be a password.
  if (base.username !== '' || base.password !== '') {
    return wrong(
      'The address of the gateway has no user or password in it: the credential comes from kubectl.',
    )
  }
  if (base.search !== '' || base.hash !== '') return wrong('The address of the gateway has no ? or # in it.')
  if (base.protocol === 'http:' && !isLoopback(base.hostname) && !insecureHttp) {
    return wrong(
      `Your credential is not sent to ${base.host} over http, where everybody on the way can read it. Use https://, or --insecure-http if you know the way.`,
    )
  }
  base.pathname = base.pathname.replace(/\/+$/, '')
  return { kind: 'Address', base }
}
