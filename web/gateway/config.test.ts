import { describe, expect, test } from 'vitest'
import { readConfig } from './config.ts'
import { defaultLimits } from './limits/options.ts'

describe('the configuration', () => {
  test('should listen on loopback unless told otherwise', () => {
    expect(readConfig([], {})).toEqual({
      host: '127.0.0.1',
      port: 8080,
      metricsPort: 9090,
      logLevel: 'info',
      drainSeconds: 0,
      limits: defaultLimits,
      sessions: { lifeMs: 8 * 3_600_000, idleMs: 3_600_000 },
    })
  })

  test('should take a flag before the environment', () => {
    const env = { COUNTERSIGN_PORT: '1', COUNTERSIGN_METRICS_PORT: '2', COUNTERSIGN_KUBECONFIG: '/k' }
    expect(readConfig(['--port=3', '--host', '0.0.0.0'], env)).toMatchObject({
      port: 3,
      metricsPort: 2,
      kubeconfig: '/k',
      host: '0.0.0.0',
    })
  })

  test('should take limits and proxies', () => {
    const args = [
      '--requests-per-second=5',
      '--open-waits',
      '7',
      '--trusted-proxies=10.0.0.0/8, fd00::1',
      '--hsts=true',
    ]
    expect(readConfig(args, { COUNTERSIGN_FAILURES_PER_MINUTE: '3' }).limits).toEqual({
      ...defaultLimits,
      requestsPerSecond: 5,
      openWaits: 7,
      failuresPerMinute: 3,
      trustedProxies: ['10.0.0.0/8', 'fd00::1'],
      hsts: true,
    })
  })

  test.each([
    [['--port=x'], /--port/],
    [['--port=65536'], /--port/],
    [['--port=-1'], /--port|port/],
    [['--metrics-port='], /--metrics-port/],
    [['--log-level=loud'], /--log-level/],
    [['--prot=1'], /prot/],
    [['--requests-per-second=0'], /--requests-per-second: not a whole number from 1 to 100000/],
    [['--connections=1e3'], /--connections/],
    [['--trusted-proxies=10.0.0.0/33'], /--trusted-proxies: 10\.0\.0\.0\/33/],
    [['--trusted-proxies=proxy.example'], /--trusted-proxies/],
    [['--trusted-proxies=10.0.0.1,0.0.0.0/0'], /--trusted-proxies: 0\.0\.0\.0\/0 is everybody/],
    [['--trusted-proxies=::/0'], /everybody/],
    [['--hsts=yes'], /--hsts/],
    [['--session-minutes=1441'], /--session-minutes: not a whole number from 1 to 1440/],
    [['--session-idle-minutes=0'], /--session-idle-minutes/],
  ])('should refuse %j and name the flag', (args, message) => {
    expect(() => readConfig(args, {})).toThrow(message)
  })
})
