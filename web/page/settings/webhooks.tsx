import { Button, NativeSelect, TagsInput, TextInput } from '@mantine/core'
import type { Notifications } from '../api/types.ts'
import { type Row, rowOf, same, type Webhook } from './draft.ts'
import { NotReady } from './not-ready.tsx'
import type { Channels, Part } from './parts.ts'
import { NoAgents } from './routes.tsx'
import { SecretHelp } from './secret-help.tsx'
import { TestButton } from './test-button.tsx'
import { errorAt } from './wrong.ts'

const formats = ['Generic', 'Slack', 'Teams', 'PagerDuty'] as const
const EMPTY: Webhook = { name: '', format: 'Generic', urlSecretRef: { name: '', key: 'url' } }

/** Addresses outside that are told of requests. */
export function Webhooks(part: Part & { saved: Notifications; delivery: Channels['webhooks'] | undefined }) {
  const { webhooks } = part.draft
  const { delivery, saved } = part
  const put = (rows: readonly Row<Webhook>[]) => part.edit({ webhooks: rows })
  return (
    <fieldset className="settings-part">
      <legend>Webhooks</legend>
      <p className="faint">{delivery?.message}</p>
      <NotReady of={delivery} />
      {webhooks.map((row, at) => (
        <WebhookRow
          key={row.key}
          {...part}
          at={at}
          webhook={row.value}
          isSaved={saved.webhooks?.some(each => same(each, row.value)) === true}
          onChange={value => put(webhooks.map(each => (each === row ? { ...row, value } : each)))}
          onRemove={() => put(webhooks.filter(each => each !== row))}
        />
      ))}
      <Button variant="default" className="settings-add" onClick={() => put([...webhooks, rowOf(EMPTY)])}>
        Add a webhook
      </Button>
    </fieldset>
  )
}

interface RowProps extends Part {
  readonly at: number
  readonly webhook: Webhook
  /** As it stands here. */
  readonly isSaved: boolean
  onChange(webhook: Webhook): void
  onRemove(): void
}

function WebhookRow({ at, webhook, isSaved, onChange, onRemove, trouble, agents }: RowProps) {
  const { name, format, urlSecretRef, signingKeySecretRef: signing } = webhook
  const wrong = (field: string) => errorAt(trouble, `webhooks.${at}.${field}`)
  const sign = (change: Partial<NonNullable<typeof signing>>) => {
    const { signingKeySecretRef: _, ...others } = webhook
    const next = { name: '', key: '', ...signing, ...change }
    onChange(next.name === '' && next.key === '' ? others : { ...others, signingKeySecretRef: next })
  }
  return (
    <fieldset className="settings-row" aria-label={`Webhook ${name === '' ? at + 1 : name}`}>
      <div className="settings-pair">
        <TextInput
          label="Name"
          maxLength={63}
          autoComplete="off"
          value={name}
          onChange={event => onChange({ ...webhook, name: event.currentTarget.value })}
          error={wrong('name')}
        />
        <NativeSelect
          label="Format"
          data={[...formats]}
          value={format}
          onChange={event => onChange({ ...webhook, format: event.currentTarget.value as Webhook['format'] })}
          error={wrong('format')}
        />
        <TextInput
          label="Secret with the URL"
          autoComplete="off"
          maxLength={253}
          value={urlSecretRef.name}
          onChange={event =>
            onChange({ ...webhook, urlSecretRef: { ...urlSecretRef, name: event.currentTarget.value } })
          }
          error={wrong('urlSecretRef.name')}
        />
        <TextInput
          label="Key in it"
          autoComplete="off"
          maxLength={253}
          value={urlSecretRef.key}
          onChange={event =>
            onChange({ ...webhook, urlSecretRef: { ...urlSecretRef, key: event.currentTarget.value } })
          }
          error={wrong('urlSecretRef.key')}
        />
        {(format === 'Generic' || signing !== undefined) && (
          <>
            <TextInput
              label="Secret with the signing key"
              placeholder="none: it is not signed"
              autoComplete="off"
              maxLength={253}
              value={signing?.name ?? ''}
              onChange={event => sign({ name: event.currentTarget.value })}
              error={wrong('signingKeySecretRef.name')}
            />
            <TextInput
              label="Signing key’s key in it"
              placeholder="none"
              autoComplete="off"
              maxLength={253}
              value={signing?.key ?? ''}
              onChange={event => sign({ key: event.currentTarget.value })}
              error={wrong('signingKeySecretRef.key')}
            />
          </>
        )}
      </div>
      {format !== 'Generic' && signing !== undefined && (
        <p className="settings-warning">Only Generic webhooks are signed: {format} does not check it.</p>
      )}
      <TagsInput
        label="Agents"
        placeholder={webhook.agents === undefined ? 'all' : ''}
        data={['*', ...agents]}
        value={[...(webhook.agents ?? [])]}
        onChange={value => {
          const { agents: _, ...others } = webhook
          onChange(value.length === 0 ? others : { ...others, agents: value })
        }}
        error={wrong('agents')}
        splitChars={[',', ' ']}
        openOnFocus={false}
        comboboxProps={{ transitionProps: { duration: 0 } }}
      />
      <NoAgents names={webhook.agents ?? []} known={agents} />
      <SecretHelp webhook={webhook} />
      <TestButton
        key={name}
        channel="Webhook"
        target={name}
        label={`Test ${name === '' ? 'this webhook' : name}`}
        {...(isSaved ? {} : { instead: 'Save first: what is saved is what is tried.' })}
      />
      <button
        type="button"
        className="fold"
        onClick={onRemove}
        aria-label={`Remove this webhook: ${name === '' ? at + 1 : name}`}
      >
        Remove this webhook
      </button>
    </fieldset>
  )
}
