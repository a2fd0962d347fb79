/** A line that asks with this key what waits. Double quotes alone: so it is the same in sh, PowerShell and cmd. */
export const curlLine = (origin: string, project: string, key: string): string =>
  `curl -H "Authorization: Bearer ${key}" "${origin}/api/v1/projects/${project}/approvals?phase=Pending"`
