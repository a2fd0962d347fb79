import type { Client } from '../../../kube/client.ts'
import { type Logger, silentLogger } from '../../../kube/logger.ts'
import type { Clock } from '../../../kube/types.ts'
import type { Addressee, Mailer, Outcome } from '../types.ts'
import { mailAddress } from './address.ts'
import { composeNotices, composeTest, type Letter } from './compose/compose.ts'
import type { Composed } from './compose/composed.ts'
import { outcomeOf } from './outcome.ts'
import type { SmtpSettings } from './settings.ts'
import { createSettingsSource } from './settings-source.ts'
import { openTransport, PATIENCE, type Patience, type Transport } from './transport.ts'
import { createTurns } from './turns.ts'

export interface MailerDeps {
  readonly client: Pick<Client, 'find'>
  /** The operator's own namespace. */
  readonly namespace: string
  /** The Secret there that says how mail is sent. */
  readonly secretName: string
  readonly clock: Clock
  readonly logger?: Logger
  /** Default: `PATIENCE`. */
  readonly patience?: Patience
}

/**
 * Sends mail over one connection, a message after the other, so that a server which hangs holds up nothing but mail.
 * Settings are read from the Secret when there is something to send.
 */
export const createMailer = (deps: MailerDeps): Mailer => {
  const { clock, secretName, logger = silentLogger, patience = PATIENCE } = deps
  const source = createSettingsSource(deps)
  const turns = createTurns()
  let open: { readonly version: string; readonly transport: Transport } | undefined
  let closed = false
  let working: boolean | undefined

  const transportFor = (settings: SmtpSettings, version: string): Transport => {
    if (open?.version !== version) {
      open?.transport.close()
      open = { version, transport: openTransport(settings, patience) }
      const { host, port, tls } = settings
      logger.info({ host, port, tls }, 'mail is sent by these settings')
      working = undefined
    }
    return open.transport
  }

  const deliver = async (
    to: Addressee,
    compose: (letter: Letter) => Composed,
    signal: AbortSignal,
  ): Promise<Outcome> => {
    if (closed || signal.aborted) return STOPPED
    const address = mailAddress(to.address)
    if (address === undefined) return { state: 'Failed', error: NO_MAILBOX }
    const read = await source.read(signal)
    if (!read.ok) return { state: 'Retrying', error: read.message, wholeLane: true }
    if (closed) return STOPPED
    const { settings, version } = read
    let mail: Composed
    try {
      mail = compose({ from: settings.from, address, name: to.name, now: clock.now() })
    } catch (error) {
      // Of no other mail: it must not hold up the lane.
      logger.error({ error: error instanceof Error ? error.name : 'unknown' }, 'a mail cannot be written')
      return { state: 'Failed', error: 'the mail could not be written: a fault of the operator' }
    }
    const limit = new AbortController()
    const cancel = clock.after(patience.messageMs, () => limit.abort())
    try {
      await transportFor(settings, version).send(mail, AbortSignal.any([signal, limit.signal]))
      tell(true, settings)
      return { state: 'Sent' }
    } catch (error) {
      if (closed || signal.aborted) return STOPPED
      const outcome = outcomeOf(error, settings, secretName)
      if (outcome.state === 'Retrying' && outcome.wholeLane) {
        source.forget()
        tell(false, settings, outcome.error)
      }
      return outcome
    } finally {
      cancel()
    }
  }

  /** A line when mail begins to go out or no longer does, not one for each message. */
  const tell = (works: boolean, { host, port }: SmtpSettings, reason?: string): void => {
    if (works === working) return
    working = works
    if (works) logger.info({ host, port }, 'the mail server takes mail')
    else logger.warn({ host, port, reason }, 'no mail can be sent')
  }

  const inTurn: typeof deliver = (to, compose, signal) =>
    turns.take(() => deliver(to, compose, signal), signal, STOPPED)

  return {
    send: (to, notices, signal) => inTurn(to, letter => composeNotices(letter, to.address, notices), signal),
    sendTest: (to, notice, signal) => inTurn(to, letter => composeTest(letter, notice), signal),
    notReady: async signal => {
      const read = await source.read(signal)
      return read.ok ? undefined : read.message
    },
    close: async () => {
      closed = true
      open?.transport.close()
      open = undefined
    },
  }
}

const STOPPED: Outcome = { state: 'Retrying', error: 'the operator stopped before it was sent' }
const NO_MAILBOX =
  'this is not one address that mail can be sent to (as name@example.com): correct the email of this member in the Project'
