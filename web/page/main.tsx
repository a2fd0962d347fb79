import '@mantine/core/styles.css'
import './styles/base.css'
import { MantineProvider } from '@mantine/core'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { gatewayClock } from './api/client.ts'
import { App } from './app.tsx'
import { Boundary } from './shell/boundary.tsx'
import { SessionContext } from './sign-in/hooks.ts'
import { PageSession } from './sign-in/page-session.ts'

const root = document.getElementById('page')
if (root !== null) {
  const session = new PageSession(gatewayClock())
  session.start()
  // The words of a fault may hold what was being shown, parameters among it: they are said to nobody.
  createRoot(root, { onCaughtError: () => console.error('A part of the page failed.') }).render(
    <StrictMode>
      {/* The page's policy allows no inline style: variables and classes come from the style sheet. */}
      <MantineProvider defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
        <Boundary part="page">
          <SessionContext value={session}>
            <App />
          </SessionContext>
        </Boundary>
      </MantineProvider>
    </StrictMode>,
  )
}
