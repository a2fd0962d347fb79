import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import type { Io } from '../io.ts'
import { painter } from '../text/paint.ts'
import { clip } from '../text/table.ts'
import { changeLine, type View } from './live.ts'
import { byUrgency, type Columns, requestTable } from './rows.ts'

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

  const draw = (): void => {
    const now = io.now()
    const width = io.columns() ?? 80
    const rows =
      pending.length === 0
        ? `No approvals are pending ${where}.\n`
        : requestTable(pending.toSorted(byUrgency), columns, now, painter(false))
    const text = [
      `Pending approvals ${where}. Ctrl-C ends this.${note ? `  ${note}` : ''}`,
      '',
      ...rows.trimEnd().split('\n'),
      ...(recent.length > 0 ? ['', ...recent] : []),
    ]
    const [head = '', ...rest] = text.map(line => clip(line, width))
    io.out(`${CLEAR}${[paint('bold', head), ...rest].join('\n')}\n`)
  }

  io.out(OTHER_SCREEN)
  draw()
  const timer = setInterval(draw, TICK_MS)
  return {
    show(now, changes) {
      note = ''
      pending = now
      recent = [
        ...changes
          .map(change => `${clock(io.now())}  ${changeLine(change, columns.namespace, io.now())}`)
          .reverse(),
        ...recent,
      ].slice(0, KEPT)
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

const clock = (now: number): string => new Date(now).toTimeString().slice(0, 8)
