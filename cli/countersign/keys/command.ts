import { readFile } from 'node:fs/promises'
import { visible } from '../../../operator/policy/visible.ts'
import { namespaceOf } from '../../command.ts'
import { EXIT, type ExitCode, worst } from '../../exit-codes.ts'
import { nearest } from '../../text/nearest.ts'
import { type Invocation, kubectlOf, printJson, refuse, wantsJson, wrong } from '../invocation.ts'
import { addressOf } from './address.ts'
import { readToken } from './credential.ts'
import { createGateway, type Gateway, type Reply } from './gateway.ts'
import { type KeyItem, keyTable, limitsOf, untilText } from './item.ts'
import { spanSeconds } from './span.ts'

const TIMEOUT_MS = 30_000
const ACTIONS = ['create', 'list', 'revoke']

/** What a command of `keys` works with, once it is known where and as whom. */
interface Desk {
  readonly invocation: Invocation
  readonly gateway: Gateway
  readonly namespace: string
  readonly json: boolean
}

/** `kubectl countersign keys create | list | revoke`. */
export async function keys(invocation: Invocation): Promise<ExitCode> {
  const { flags } = invocation
  const [action, ...args] = invocation.args
  if (action === undefined || !ACTIONS.includes(action)) {
    const near = action === undefined ? undefined : nearest(action, ACTIONS)
    const what = action === undefined ? '' : `There is no keys ${visible(action)}. `
    return wrong(
      invocation,
      `${what}${near ? `Did you mean ${near}?` : 'keys create, keys list or keys revoke?'}`,
    )
  }
  const json = wantsJson(invocation)
  if (json === undefined) return EXIT.usage
  const only = (['name', 'expires', 'read-only', 'agents'] as const).find(name => flags[name] !== undefined)
  if (action !== 'create' && only !== undefined)
    return wrong(invocation, `keys ${action} takes no --${only}.`)
  if (invocation.kubectlFlags.some(flag => /^--as(-|=)/.test(flag))) {
    return wrong(invocation, 'keys goes to the gateway as yourself: --as means nothing to it.')
  }
  const act = actOf(action, args, flags)
  if (typeof act === 'string') return wrong(invocation, act)
  const desk = await open(invocation, json)
  return typeof desk === 'object' ? act(desk) : desk
}

type Act = (desk: Desk) => Promise<ExitCode>

/** What was asked for, or what is wrong with it. */
function actOf(action: string, args: readonly string[], flags: Invocation['flags']): Act | string {
  if (action === 'revoke') {
    // A whole key is taken too: whoever revokes one that leaked has that at hand.
    const ids = [...new Set(args.map(typed => /^csk_([^_]+)(_.*)?$/.exec(typed)?.[1] ?? typed))]
    if (ids.length === 0) return 'keys revoke needs the id of a key; which there are: keys list'
    const odd = ids.find(id => !/^[a-z0-9]{16}$/.test(id))
    return odd === undefined
      ? desk => revoke(desk, ids)
      : `${visible(JSON.stringify(odd))} cannot be the id of a key: 16 letters and digits, as keys list shows it.`
  }
  if (args.length > 0) return `keys ${action} takes no names${action === 'create' ? ': --name NAME' : ''}.`
  if (action === 'list') return list
  const name = flags.name?.trim()
  if (!name) return "keys create needs --name: what the key is for, as in --name 'nightly report'"
  const expiresInSeconds = flags.expires === undefined ? undefined : spanSeconds(flags.expires)
  if (flags.expires !== undefined && !expiresInSeconds) return '--expires takes a span of time: 12h, 90d, 1y.'
  const agents = flags.agents?.split(',').map(agent => agent.trim())
  if (agents?.some(agent => agent === '')) return '--agents takes names of agents: --agents a,b'
  return desk =>
    create(desk, {
      name,
      ...(expiresInSeconds === undefined ? {} : { expiresInSeconds }),
      ...(flags['read-only'] === undefined ? {} : { readOnly: flags['read-only'] }),
      ...(agents === undefined ? {} : { agents: [...new Set(agents)] }),
    })
}

/** Finds out where the gateway is and who the person is; says what is missing. */
async function open(invocation: Invocation, json: boolean): Promise<Desk | ExitCode> {
  const { flags, environment } = invocation
  const { env } = environment
  const address = addressOf(flags.gateway ?? env.COUNTERSIGN_GATEWAY, flags['insecure-http'] ?? false)
  if (address.kind === 'Wrong') return wrong(invocation, address.message)
  const caFile = flags['gateway-ca'] ?? env.COUNTERSIGN_GATEWAY_CA
  const ca = caFile ? await readFile(caFile, 'utf8').catch(() => undefined) : undefined
  if (caFile && ca === undefined) return wrong(invocation, `The file ${visible(caFile)} cannot be read.`)
  const kubectl = kubectlOf(invocation)
  const credential = { kubectl, flags: invocation.kubectlFlags, env }
  const [token, namespace] = await Promise.all([
    readToken(credential),
    namespaceOf(kubectl, invocation.namespace),
  ])
  if (token.kind === 'Refused') return refuse(invocation, token.refusal)
  const gateway = createGateway({
    base: address.base,
    token: token.value,
    ...(ca === undefined ? {} : { ca }),
    timeoutMs: TIMEOUT_MS,
  })
  return { invocation, gateway, namespace, json }
}

const pathOf = ({ namespace }: Desk): string => `/api/v1/projects/${encodeURIComponent(namespace)}/apikeys`

async function create(desk: Desk, body: { readonly name: string }): Promise<ExitCode> {
  const { invocation, gateway, namespace } = desk
  const { io } = invocation.environment
  const reply = await gateway('POST', pathOf(desk), body)
  if (reply.kind === 'Refused') {
    if (!reply.unsure) return refuse(invocation, reply)
    const message = `${reply.message} A key may have been made all the same: see keys list, and revoke it.`
    return refuse(invocation, { ...reply, message })
  }
  const made = reply.body as KeyItem & { readonly key?: unknown }
  if (typeof made?.key !== 'string') {
    return refuse(invocation, { code: EXIT.failed, message: 'The gateway answered without a key.' })
  }
  if (desk.json) printJson(invocation, made)
  else io.out(`${visible(made.key)}\n`)
  const limits = limitsOf(made)
  const as = made.user === undefined ? 'you' : visible(made.user)
  io.err(
    [
      `API key ${visible(made.id)} (${visible(made.name)}): acts as ${as} in project ${namespace}`,
      `${untilText(made.expiresAt)}${limits === '-' ? '' : `; ${limits}`}.`,
      'It is shown this once: keep it as you would a password. To end it:',
      `  kubectl countersign keys revoke ${visible(made.id)} -n ${namespace}`,
      '',
    ].join('\n'),
  )
  return EXIT.done
}

async function list(desk: Desk): Promise<ExitCode> {
  const { invocation, namespace } = desk
  const { io } = invocation.environment
  const items = await readAll(desk)
  if ('message' in items) return refuse(invocation, items)
  if (desk.json) printJson(invocation, { items })
  else if (items.length > 0) io.out(keyTable(items, io.now()))
  else io.out(`There are no API keys that you may see in project ${namespace}.\n`)
  return EXIT.done
}

async function readAll(desk: Desk): Promise<readonly KeyItem[] | Extract<Reply, { kind: 'Refused' }>> {
  const items: KeyItem[] = []
  for (let token: string | undefined, page = 0; page < 100; page++) {
    const query = token === undefined ? '' : `?continue=${encodeURIComponent(token)}`
    const reply = await desk.gateway('GET', `${pathOf(desk)}${query}`)
    if (reply.kind === 'Refused') return reply
    const body = reply.body as { readonly items?: readonly KeyItem[]; readonly continue?: string }
    items.push(...(body.items ?? []))
    token = body.continue
    if (token === undefined) break
  }
  return items
}

async function revoke(desk: Desk, ids: readonly string[]): Promise<ExitCode> {
  const { invocation, gateway } = desk
  const codes: ExitCode[] = []
  for (const id of ids) {
    const reply = await gateway('DELETE', `${pathOf(desk)}/${encodeURIComponent(id)}`)
    if (reply.kind === 'Ok') {
      invocation.environment.io.out(`API key ${id} revoked\n`)
      codes.push(EXIT.done)
    } else codes.push(refuse(invocation, reply))
  }
  return worst(codes)
}
