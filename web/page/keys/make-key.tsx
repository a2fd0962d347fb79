import { Button, Checkbox, Modal, MultiSelect, NativeSelect, TextInput } from '@mantine/core'
import { type FormEvent, useRef, useState } from 'react'
import { Unreachable } from '../api/client.ts'
import { useSuggestions } from '../lists/suggestions.ts'
import { useHere } from '../live/hooks.ts'
import { useStanding } from '../sign-in/hooks.ts'
import { lives, secondsOf, units, usualLife } from './expiry.ts'
import type { NewKey } from './made-key.tsx'

interface Props {
  onClose(): void
  onMade(made: NewKey): void
}

const data = (pairs: readonly (readonly [string, string])[]) =>
  pairs.map(([value, label]) => ({ value, label }))

/** Makes one key, however often the button is pressed. */
export function MakeKey({ onClose, onMade }: Props) {
  const { api, project } = useHere()
  const { agents: known } = useSuggestions()
  const [name, setName] = useState('')
  const [life, setLife] = useState<string>(usualLife)
  const [count, setCount] = useState('30')
  const [unit, setUnit] = useState<string>('86400')
  const [readOnly, setReadOnly] = useState(false)
  const [agents, setAgents] = useState<string[]>([])
  const [trouble, setTrouble] = useState<string>()
  const [busy, setBusy] = useState(false)
  const sent = useRef(false)
  const expiry = secondsOf(life, count, unit)

  const make = async (event: FormEvent) => {
    event.preventDefault()
    if (sent.current || 'wrong' in expiry) return
    if (name.trim() === '') return setTrouble('Give it a name: you see it in the list, and in the audit log.')
    sent.current = true
    setBusy(true)
    setTrouble(undefined)
    const body = {
      name: name.trim(),
      expiresInSeconds: expiry.seconds,
      readOnly,
      ...(agents.length === 0 ? {} : { agents }),
    }
    try {
      onMade(await api.post<NewKey>(`/projects/${project}/apikeys`, body))
    } catch (error) {
      setTrouble(
        error instanceof Unreachable
          ? `${error.message} It is not known whether a key was made: close this, look in the list, and revoke one that you never saw.`
          : (error as Error).message,
      )
    } finally {
      sent.current = false
      setBusy(false)
    }
  }

  return (
    <Modal
      opened
      onClose={onClose}
      title="Make an API key"
      lockScroll={false}
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': 'Close without making one' }}
    >
      <form className="make-key" onSubmit={make}>
        <OfAKey />
        <TextInput
          label="What it is for"
          placeholder="nightly refunds"
          maxLength={128}
          autoComplete="off"
          data-autofocus
          value={name}
          onChange={event => setName(event.currentTarget.value)}
        />
        <NativeSelect
          label="Works for"
          data={data(lives)}
          value={life}
          onChange={event => setLife(event.currentTarget.value)}
        />
        {life === 'custom' && (
          <div className="custom-life">
            <TextInput
              label="How long"
              inputMode="numeric"
              autoComplete="off"
              value={count}
              onChange={event => setCount(event.currentTarget.value)}
              error={'wrong' in expiry && expiry.wrong}
            />
            <NativeSelect
              label="Unit"
              data={data(units)}
              value={unit}
              onChange={event => setUnit(event.currentTarget.value)}
            />
          </div>
        )}
        <Checkbox
          label="It only reads"
          description="It neither decides nor starts anything."
          checked={readOnly}
          onChange={event => setReadOnly(event.currentTarget.checked)}
        />
        <MultiSelect
          label="Only for these agents"
          description="Requests, runs and audit entries of others are not there for it."
          placeholder={agents.length === 0 ? 'all agents' : ''}
          data={[...known]}
          value={agents}
          onChange={setAgents}
          searchable
          clearable
          hidePickedOptions
          nothingFoundMessage="No agent is called so"
          comboboxProps={{ transitionProps: { duration: 0 } }}
        />
        {trouble !== undefined && (
          <p className="trouble" role="alert">
            {trouble}
          </p>
        )}
        <div className="key-buttons">
          <Button type="submit" loading={busy} disabled={'wrong' in expiry}>
            Make the key
          </Button>
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
        </div>
      </form>
    </Modal>
  )
}

/** Who came with a key makes no more than that key. */
function OfAKey() {
  const standing = useStanding()
  const key = standing.at === 'Inside' ? standing.who.session?.apiKey : undefined
  if (key === undefined) return null
  return (
    <p className="faint">
      You are signed in with the API key <code>{key.id}</code>: what you make does no more than it, and ends
      with it.
    </p>
  )
}
