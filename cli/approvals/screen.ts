import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import type { Io } from '../io.ts'
import { painter } from '../text/paint.ts'
import { clip } from '../text/table.ts'
import type { Change } from './changes.ts'
import { changeLine } from './log.ts'
import { byUrgency, type Columns, requestTable } from './rows.ts'
import type { View } from './view.ts'

const OTHER_SCREEN = '\u001b[?1049h\u001b[?25l'
const FIRST_SCREEN = '\u001b[?25h\u001b[?1049l'
const CLEAR = '\u001b[H\u001b[J'
const KEPT = 8
const TICK_MS = 1000

/** A screen of its own with the table, drawn again at each change and each second, and the last changes beneath. */
export function createScreen(io: Io, columns: Columns, where: string): View {
  const paint = painter(io.colour)
  let pending: readonly ApprovalRequest[] = []
  let recent: string[] = []
  let note = 'connecting ...'
  let first = true

  const draw = (): void => {
    const now = io.now()
    const size = io.size()
    const rows = first
      ? ''
      : pending.length === 0
        ? `No approvals are pending ${where}.\n`
        : requestTable(pending.toSorted(byUrgency), { ...columns, fit: size.columns }, now, painter(false))
    const below = recent.length > 0 ? ['', ...recent] : []
    const room = Math.max(2, size.rows - 3 - below.length)
    const text = [
      `Pending approvals ${where}. Ctrl-C ends this.${note ? `  ${note}` : ''}`,
      '',
      ...fitted(rows.trimEnd().split('\n'), room),
      ...below,
    ]
    const [head = '', ...rest] = text.map(line => clip(line, size.columns))
    io.out(`${CLEAR}${[paint('bold', head), ...rest].join('\n')}\n`)
  }

  const line = (change: Change): string =>
    `${new Date(io.now()).toTimeString().slice(0, 8)}  ${changeLine(change, columns.namespace, io.now())}`

  io.out(OTHER_SCREEN)
  draw()
  const timer = setInterval(draw, TICK_MS)
  return {
    show(now, changes) {
      note = ''
      pending = now
      // At first everything is new, and stands in the table.
      if (!first) recent = [...changes.map(line).reverse(), ...recent].slice(0, KEPT)
      first = false
      draw()
    },
    note(text) {
      note = text
      draw()
    },
    close() {
      clearInterval(timer)
      io.out(FIRST_SCREEN)
    },
  }
}

/** As many of the lines as there is room for; the last one says how many are missing. */
const fitted = (lines: readonly string[], room: number): readonly string[] =>
  lines.length <= room ? lines : [...lines.slice(0, room - 1), `... and ${lines.length - room + 1} more`]
