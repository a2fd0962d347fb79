import { describe, expect, it } from 'vitest'
import { refusalOf } from './refusal.ts'

// Each as a real kubectl 1.36 printed it.
describe('what kubectl says, in plainer words', () => {
  it.each([
    [
      `Error from server (Forbidden): error when patching "/tmp/x.json": approvalrequests.countersign.dev "a" is forbidden: ValidatingAdmissionPolicy 'countersign-decisions' with binding 'countersign-decisions' denied request: you started this run, so somebody else must decide (allowSelfApproval is false)`,
      'Denied',
      4,
      'you started this run, so somebody else must decide (allowSelfApproval is false).',
    ],
    [
      `The approvalrequests "a" is invalid: : ValidatingAdmissionPolicy 'theirs' with binding 'theirs' denied request: not on Fridays!`,
      'Denied',
      4,
      'not on Fridays!',
    ],
    [
      `Error from server (Forbidden): x is forbidden: ValidatingAdmissionPolicy 'p' with binding 'p' denied request: this request expired at 2026-11-22T17:00:00Z: nothing is left to decide`,
      'Expired',
      6,
      'this request expired at 2026-11-22T17:00:00Z: nothing is left to decide.',
    ],
    [
      'Error from server (Forbidden): approvalrequests.countersign.dev is forbidden: User "mallory@acme.com" cannot list resource "approvalrequests" in API group "countersign.dev" in the namespace "shop"',
      'Forbidden',
      4,
      'mallory@acme.com has no right to list approvalrequests in namespace shop.',
    ],
    [
      'Error from server (Forbidden): approvalrequests.countersign.dev is forbidden: User "mallory@acme.com" cannot list resource "approvalrequests" in API group "countersign.dev" at the cluster scope',
      'Forbidden',
      4,
      'mallory@acme.com has no right to list approvalrequests in all namespaces.',
    ],
    [
      'Error from server (Forbidden): users "eve" is forbidden: User "alice@acme.com" cannot impersonate resource "users" in API group "" at the cluster scope',
      'Forbidden',
      4,
      'alice@acme.com may not act as somebody else: that takes the right to impersonate.',
    ],
    [
      'Error from server (NotFound): approvalrequests.countersign.dev "nope" not found',
      'NotFound',
      3,
      'approvalrequests.countersign.dev "nope" not found.',
    ],
    [
      `error: the server doesn't have a resource type "approvalrequests"`,
      'NotInstalled',
      1,
      expect.stringContaining('Countersign is not installed'),
    ],
    [
      'error: You must be logged in to the server (Unauthorized)',
      'Unauthorized',
      4,
      expect.stringContaining('Log in again'),
    ],
    [
      'Unable to connect to the server: getting credentials: exec: executable get-token not found',
      'Unauthorized',
      4,
      'The credential plugin of your kubeconfig failed: exec: executable get-token not found.',
    ],
    [
      'E1122 17:25:19.000000    1234 memcache.go:265] "Unhandled Error" err="couldn\'t get current server API group list"\nThe connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?',
      'Unreachable',
      7,
      'The API server did not answer: The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?',
    ],
    [
      'Unable to connect to the server: tls: failed to verify certificate: x509: certificate signed by unknown authority',
      'Unreachable',
      7,
      expect.stringContaining('x509'),
    ],
    [
      'The request is invalid: the server rejected our request due to an error in our request',
      'Changed',
      1,
      expect.stringContaining('no longer the one that was read'),
    ],
    ['error: stat /nope: no such file or directory', 'Failed', 1, 'stat /nope: no such file or directory.'],
    ['', 'Failed', 1, 'kubectl failed; what it said stands above.'],
  ])('%s', (stderr, kind, code, message) => {
    expect(refusalOf(stderr)).toEqual({ kind, code, message })
  })

  it('lets no control character of a server through', () => {
    expect(refusalOf('error: \u001b[2Jfine').message).toBe('\\u001b[2Jfine.')
  })
})
