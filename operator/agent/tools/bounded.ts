import vm from 'node:vm'

const context = vm.createContext({ work: undefined })
const script = new vm.Script('work()')

export type Bounded<T> = { readonly done: true; readonly value: T } | { readonly done: false }

/**
 * Runs synchronous work and ends it after `ms`, wherever it is: a regular expression of somebody else's schema that
 * backtracks for ever would otherwise stop the whole operator. What the work throws is thrown. Work that was ended is tried
 * once more, as the time may have been the garbage collector's, or another process's.
 */
export function bounded<T>(ms: number, work: () => T): Bounded<T> {
  const first = once(ms, work)
  return first.done ? first : once(ms, work)
}

function once<T>(ms: number, work: () => T): Bounded<T> {
  let value: { readonly is: T } | undefined
  context.work = () => {
    value = { is: work() }
  }
  try {
    script.runInContext(context, { timeout: ms })
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return { done: false }
    throw error
  } finally {
    context.work = undefined
  }
  return value === undefined ? { done: false } : { done: true, value: value.is }
}
