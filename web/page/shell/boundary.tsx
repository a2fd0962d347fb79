import { Button } from '@mantine/core'
import { Component, type ReactNode } from 'react'
import './boundary.css'

interface Props {
  /** What it is around, as one calls it: `audit log`. */
  readonly part: string
  /** What it shows: of another it is not known yet that it fails. */
  readonly of?: string | undefined
  /** What does in its place. */
  readonly instead?: ReactNode
  readonly children: ReactNode
}

/** Where a part of the page fails, the others go on. What went wrong is not shown: it may hold what was being shown. */
export class Boundary extends Component<Props, { readonly failed: boolean }> {
  override state = { failed: false }

  static getDerivedStateFromError() {
    return { failed: true }
  }

  override componentDidUpdate(before: Props) {
    if (before.of !== this.props.of && this.state.failed) this.setState({ failed: false })
  }

  override render() {
    const { children, instead } = this.props
    if (!this.state.failed) return children
    if (instead !== undefined) return instead
    return (
      <div className="empty boundary" role="alert">
        <h2>The {this.props.part} cannot be shown</h2>
        <p>
          This is a fault of the page, or a piece of it could not be loaded. What was decided stands; the
          other pages, kubectl and the REST API go on.
        </p>
        <div className="boundary-buttons">
          <Button onClick={() => this.setState({ failed: false })}>Show it again</Button>
          <Button variant="default" onClick={() => location.reload()}>
            Reload the page
          </Button>
        </div>
      </div>
    )
  }
}
