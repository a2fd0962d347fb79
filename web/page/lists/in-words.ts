/** A reason of a condition or failure as people write it: `ToolsetUnavailable` is `Toolset unavailable`. */
export const inWords = (reason: string): string =>
  reason.replace(/(?<=[a-z])[A-Z](?=[a-z])/g, letter => ` ${letter.toLowerCase()}`)
