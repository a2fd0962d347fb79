import { describe, expect, test } from 'vitest'
import { readConfig } from './config.ts'

describe('the configuration', () => {
  test('should listen on loopback unless told otherwise', () => {
    expect(readConfig([], {})).toEqual({
      host: '127.0.0.1',
      port: 8080,
      metricsPort: 9090,
      logLevel: 'info',
      drainSeconds: 0,
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

  test.each([
    [['--port=x'], /--port/],
    [['--port=65536'], /--port/],
    [['--port=-1'], /--port|port/],
    [['--metrics-port='], /--metrics-port/],
    [['--log-level=loud'], /--log-level/],
    [['--prot=1'], /prot/],
  ])('should refuse %j and name the flag', (args, message) => {
    expect(() => readConfig(args, {})).toThrow(message)
  })
})
