/** `2 d 3 h`, `1 h 5 min`, `4 min 10 s`, `9 s`: the two largest parts of a time in milliseconds. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ]
  const first = parts.findIndex(([count]) => count > 0)
  if (first === -1) return '0 s'
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ')
}

/** A moment as this computer writes it, with its date unless it is today. */
export function moment(time: string, now: number): string {
  const date = new Date(time)
  const sameDay = date.toDateString() === new Date(now).toDateString()
  const clock = date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' })
  return sameDay
    ? clock
    : `${date.toLocaleDateString([], { day: 'numeric', month: 'short', year: 'numeric' })}, ${clock}`
}
