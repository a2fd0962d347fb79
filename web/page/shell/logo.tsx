export function Logo() {
  return (
    <span className="logo">
      <img src="/icon.svg" alt="" width="26" height="26" />
      Countersign
    </span>
  )
}
