/** API keys of the project. */
export function KeysPage() {
  return null
}
