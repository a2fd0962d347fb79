/** Headers of every answer: nothing is cached, framed, guessed at, run, or given to another site. */
export const securityHeaders = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy':
    'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), publickey-credentials-get=(), usb=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const

/** Tells browsers to come by TLS alone, for a year; sent over TLS only, as anything else it is ignored. */
export const strictTransport = { 'strict-transport-security': 'max-age=31536000' } as const
