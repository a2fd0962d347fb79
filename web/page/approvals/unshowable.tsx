import { Component, type ReactNode } from 'react'

interface Props {
  readonly children: ReactNode
}

/** Where a request cannot be drawn, it says so and offers no decision: nobody decides half of a request. */
export class Unshowable extends Component<Props, { readonly failed: boolean }> {
  override state = { failed: false }

  static getDerivedStateFromError(): { readonly failed: boolean } {
    return { failed: true }
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children
    return (
      <p className="trouble" role="alert">
        This request cannot be shown here, so it cannot be decided here. Look at it with kubectl approvals,
        and decide it with kubectl approve or kubectl reject.
      </p>
    )
  }
}
