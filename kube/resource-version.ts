// Kubernetes 1.35 says what was true before for everything that kube-apiserver stores: resourceVersions of one resource
// are decimal numbers, without leading zeros, that only grow. A server of another make may give anything.
const wellFormed = /^[1-9][0-9]*$/

/**
 * Negative, zero or positive as `a` is older than, equal to or newer than `b`; `undefined` where that cannot be told.
 * Both must be of the same resource.
 */
export function compareVersions(a: string | undefined, b: string | undefined): number | undefined {
  if (a === undefined || b === undefined || !wellFormed.test(a) || !wellFormed.test(b)) return undefined
  // Numbers of any length, without parsing: longer is larger.
  if (a.length !== b.length) return a.length - b.length
  return a === b ? 0 : a < b ? -1 : 1
}
