import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { say } from './testing-raw.ts'

const program = `
const { createNodeServer } = await import(${JSON.stringify(join(import.meta.dirname, 'node-server.ts'))})
const { defaultLimits } = await import(${JSON.stringify(join(import.meta.dirname, '../limits/options.ts'))})
const options = { limits: defaultLimits, isProxy: () => false, onRefusedConnection() {} }
const server = createNodeServer((request, response) => response.end(request.headers.a?.length + ' bytes'), options)
server.on('clientError', (error, socket) =>
  socket.end(\`HTTP/1.1 \${error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400} No\\r\\nConnection: close\\r\\n\\r\\n\`))
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
`

test('no NODE_OPTIONS should make the gateway read what is in doubt', async () => {
  const env = { ...process.env, NODE_OPTIONS: '--insecure-http-parser --max-http-header-size=1000000' }
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const [line] = await once(child.stdout, 'data')
    const port = Number(String(line))
    const refused = async (request: string) => (await say(port, request)).statuses
    const both =
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
    expect(await refused(both)).toEqual([400])
    expect(await refused('GET / HTTP/1.1\nHost: x\n\n')).toEqual([400])
    expect(await refused(`GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`)).toEqual([431])
    expect(await refused('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toEqual([200])
  } finally {
    child.kill('SIGKILL')
  }
})
