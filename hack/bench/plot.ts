import type { Figure } from './measurement.ts'

const [WIDTH, HEIGHT, GAP] = [230, 170, 24]
const [LEFT, TOP, BOTTOM] = [52, 34, 30]

/** A figure that was measured at several levels, such as `idleRssMBAt1000`. */
interface Series {
  readonly name: string
  readonly unit: string
  readonly points: readonly (readonly [level: number, value: number])[]
}

/** The figures whose names end with the number of requests that waited, as an SVG; undefined where there are none. Pure. */
export const plotGrowth = (figures: readonly Figure[]): string | undefined => {
  const series = seriesIn(figures)
  if (series.length === 0) return undefined
  const width = series.length * (WIDTH + GAP) + GAP
  const height = HEIGHT + TOP + BOTTOM
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="What the operator takes by the number of requests that wait">
<style>
  text { font: 12px sans-serif; fill: #444 }
  .title { font-weight: bold }
  .axis { stroke: #999; fill: none }
  .line { stroke: #0f766e; stroke-width: 2; fill: none }
  .point { fill: #0f766e }
  @media (prefers-color-scheme: dark) { text { fill: #ccc } .line { stroke: #2dd4bf } .point { fill: #2dd4bf } }
</style>
${series.map((one, index) => panel(one, GAP + index * (WIDTH + GAP))).join('\n')}
</svg>
`
}

const seriesIn = (figures: readonly Figure[]): readonly Series[] => {
  const found = new Map<string, { unit: string; points: [number, number][] }>()
  for (const { name, value, unit } of figures) {
    const [, base, level] = /^(.+)At(\d+)$/.exec(name) ?? []
    if (base === undefined) continue
    const one = found.get(base) ?? { unit, points: [] }
    one.points.push([Number(level), value])
    found.set(base, one)
  }
  return [...found].map(([name, { unit, points }]) => ({
    name,
    unit,
    points: points.sort(([a], [b]) => a - b),
  }))
}

const panel = ({ name, unit, points }: Series, x: number): string => {
  const most = Math.max(...points.map(([, value]) => value), 1e-9) * 1.15
  const place = ([, value]: readonly [number, number], index: number): [number, number] => [
    LEFT + ((WIDTH - LEFT) * (index + 0.5)) / points.length,
    TOP + HEIGHT * (1 - value / most),
  ]
  const at = points.map(place)
  const labels = points.map(([level, value], index) => {
    const [px, py] = at[index] ?? [0, 0]
    return `<circle class="point" cx="${px.toFixed(1)}" cy="${py.toFixed(1)}" r="3"/><text x="${px.toFixed(1)}" y="${(py - 8).toFixed(1)}" text-anchor="middle">${value.toPrecision(3)}</text><text x="${px.toFixed(1)}" y="${TOP + HEIGHT + 18}" text-anchor="middle">${level.toLocaleString('en')}</text>`
  })
  return `<g transform="translate(${x} 0)">
<text class="title" x="${LEFT}" y="16">${name}${unit === '' ? '' : `, ${unit}`}</text>
<path class="axis" d="M${LEFT} ${TOP}V${TOP + HEIGHT}H${WIDTH}"/>
<polyline class="line" points="${at.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(' ')}"/>
${labels.join('\n')}
</g>`
}
