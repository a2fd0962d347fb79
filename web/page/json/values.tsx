import { Said } from '../text/text.tsx'

/** A text that could be taken for a number, a boolean or nothing. */
const PASSES = /^\s*(-?\d+(\.\d+)?([eE][+-]?\d+)?|true|false|null)\s*$/i

export function Text({ value }: { value: string }) {
  return (
    <>
      <Said text={value} quoted />
      {PASSES.test(value) && <span className="kind">text</span>}
      {value === '' && <span className="kind">empty text</span>}
    </>
  )
}

/** A number as it is; its digits stand in groups by space alone, so that copying gives the number. */
export function Figure({ value }: { value: number }) {
  const text = Object.is(value, -0) ? '-0' : String(value)
  const [, sign = '', whole = '', rest = ''] = /^(-?)(\d+)((?:\.\d+)?)$/.exec(text) ?? []
  const groups = whole.length < 5 ? [] : (whole.match(/\d{1,3}(?=(\d{3})*$)/g) ?? [])
  return (
    <>
      <span className="json-number">
        {groups.length === 0 ? (
          text
        ) : (
          <>
            {sign}
            {groups.map((group, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: groups have no other identity
              <span key={i} className="digits">
                {group}
              </span>
            ))}
            {rest}
          </>
        )}
      </span>
      {Math.abs(value) > Number.MAX_SAFE_INTEGER && <span className="kind">larger than is exact</span>}
    </>
  )
}

/** `true`, `false`, `null`. */
export function Word({ value }: { value: unknown }) {
  return <span className="json-word">{String(value)}</span>
}

export function Redacted({ digest }: { digest: string }) {
  return (
    <span className="redacted" title={`${digest}: the same digest stands for the same value`}>
      redacted <code>{digest.replace(/^hmac-sha256:/, '').slice(0, 12)}</code>
    </span>
  )
}
