import type { Client } from '../../kube/client.ts'
import { ConnectionError } from '../../kube/errors.ts'
import type { KubeObject, Resource } from '../../kube/types.ts'

/** A write as it is about to be made. */
export interface Write {
  readonly verb: 'create' | 'replace' | 'patch' | 'delete'
  /** Plural of the resource, `/status` behind it for the subresource. */
  readonly what: string
  readonly body: unknown
}

/**
 * What becomes of a write: `Before` it is never sent, `After` it lands and its answer is lost; or the error that
 * the server gives instead.
 */
export type Fault = 'Before' | 'After' | Error | undefined

/**
 * A client whose writes fail as `fault` says, and whose watches hold each event until `late` resolves. Everything else
 * goes to the real one.
 */
export const faultyClient = (
  real: Client,
  fault: (write: Write) => Fault,
  late: (resource: Resource) => Promise<void> | undefined = () => undefined,
): Client => {
  const broken = () => new ConnectionError('the connection broke (a test)')
  const through = async <T>(
    verb: Write['verb'],
    resource: Resource,
    body: unknown,
    options: { readonly subresource?: 'status' } | undefined,
    write: () => Promise<T>,
  ): Promise<T> => {
    const what = options?.subresource ? `${resource.plural}/${options.subresource}` : resource.plural
    const found = fault({ verb, what, body })
    if (found === 'Before') throw broken()
    if (found instanceof Error) throw found
    const answer = await write()
    if (found === 'After') throw broken()
    return answer
  }
  return {
    get: (...args) => real.get(...args),
    find: (...args) => real.find(...args),
    list: (...args) => real.list(...args),
    listAll: (...args) => real.listAll(...args),
    listMetadata: (...args) => real.listMetadata(...args),
    listMetadataPage: (...args) => real.listMetadataPage(...args),
    watch: async function* <T extends KubeObject>(...args: Parameters<typeof real.watch<T>>) {
      for await (const event of real.watch<T>(...args)) {
        await late(args[0])
        yield event
      }
    },
    raw: (...args) => real.raw(...args),
    impersonate: as => real.impersonate(as),
    withToken: token => real.withToken(token),
    close: () => real.close(),
    create: <T extends KubeObject>(...args: Parameters<typeof real.create<T>>) =>
      through('create', args[0], args[1], undefined, () => real.create<T>(...args)),
    replace: <T extends KubeObject>(...args: Parameters<typeof real.replace<T>>) =>
      through('replace', args[0], args[1], args[2], () => real.replace<T>(...args)),
    patch: <T extends KubeObject>(...args: Parameters<typeof real.patch<T>>) =>
      through('patch', args[0], args[2].body, args[3], () => real.patch<T>(...args)),
    delete: (...args) => through('delete', args[0], args[1], undefined, () => real.delete(...args)),
  }
}

/** A fault that happens once, at the first write that `matches`. `done` says whether it happened. */
export const once = (
  fault: Exclude<Fault, undefined>,
  matches: (write: Write) => boolean,
): { readonly fault: (write: Write) => Fault; done(): boolean } => {
  let happened = false
  return {
    fault: write => {
      if (happened || !matches(write)) return undefined
      happened = true
      return fault
    },
    done: () => happened,
  }
}
