/** What happened since one looked last. */
export function Bell() {
  return null
}
