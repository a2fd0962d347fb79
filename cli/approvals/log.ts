import { visible } from '../../operator/policy/visible.ts'
import type { Io } from '../io.ts'
import { expiresAt } from '../requests/time.ts'
import { duration } from '../text/duration.ts'
import { shortParams } from '../text/params.ts'
import type { Change } from './changes.ts'
import type { View } from './view.ts'

/** The live view for files and pipes: a line for each thing that happens. */
export function createLog(io: Pick<Io, 'out' | 'err' | 'now'>, namespaces: boolean): View {
  return {
    show: (_, changes) => {
      for (const change of changes) {
        const at = new Date(io.now()).toISOString().replace(/\.\d+Z$/, 'Z')
        io.out(`${at}  ${changeLine(change, namespaces, io.now())}\n`)
      }
    },
    note: text => io.err(`${text}\n`),
    close: () => {},
  }
}

const WORD_WIDTH = 9
const PARAMS_WIDTH = 80

/** `approved   refund-1-1-0  order-manager  order_tools.process_refund  by alice@acme.com: checked`. */
export function changeLine({ word, request, text }: Change, namespaces: boolean, now: number): string {
  const { metadata, spec } = request
  const name = namespaces ? `${metadata.namespace}/${metadata.name}` : metadata.name
  const left = expiresAt(request) - now
  const rest =
    word === 'new' || word === 'waiting'
      ? `${shortParams(spec.params, PARAMS_WIDTH)}  expires in ${duration(left)}`
      : text
  return [word.padEnd(WORD_WIDTH), name, spec.agentRef.name, visible(spec.tool), rest].join('  ').trimEnd()
}
