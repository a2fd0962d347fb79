import { secrets } from '../../operator/secret.ts'
import { type Field, isOpen, openField } from './field.ts'
import { type Figure, type Measurement, quantile } from './measurement.ts'
import { startSilence } from './silence.ts'

/** Decisions in each of the two projects. */
const ROUNDS = 100
/** Left out at the start: connections are opened and code is compiled. */
const WARM_UP = 10

/**
 * From a decision that is stored to the tool that starts: in a project that tells nobody, and in one whose mail server and
 * webhook hang, in turn, by the same operator. The stack's mail server must be one that never says a word.
 */
export const hangingMail: Measurement = {
  name: 'hanging-mail',
  run: async (stack, progress) => {
    const field = await openField(stack)
    const webhook = await startSilence()
    try {
      await field.project('quiet')
      await field.project('loud', {
        webhooks: [{ name: 'hook', urlSecretRef: { name: 'hook', key: 'url' }, format: 'Generic' }],
      } as never)
      await field.client.create(secrets, {
        metadata: {
          name: 'hook',
          namespace: 'loud',
          labels: { 'countersign.dev/use': 'true' },
          annotations: { 'countersign.dev/hosts': '127.0.0.1' },
        },
        stringData: { url: `http://127.0.0.1:${webhook.port}/` },
      })
      await field.agent('quiet')
      await field.agent('loud')
      const times: Record<'quiet' | 'loud', number[]> = { quiet: [], loud: [] }
      for (let round = 0; round < WARM_UP + ROUNDS; round++) {
        if (round % 20 === 0) progress(`decision ${round} of ${WARM_UP + ROUNDS} in each project`)
        for (const project of ['quiet', 'loud'] as const) {
          const ms = await resume(field, project, `${project}-${round}`)
          if (round >= WARM_UP) times[project].push(ms)
        }
      }
      if (webhook.connections() === 0) throw new Error('the webhook was never called: nothing was compared')
      return figures(times)
    } finally {
      webhook.stop()
      await field.close()
    }
  },
}

/** Milliseconds from the answer to a decision to the tool that starts. */
const resume = async (field: Field, namespace: string, run: string): Promise<number> => {
  const ref = { namespace, name: `${run}-1-0` }
  await field.start(namespace, run)
  await field.seen(ref, isOpen)
  const { stored } = await field.approve(ref)
  return Math.max(0, (await field.called(run)) - stored)
}

const figures = ({ quiet, loud }: Record<'quiet' | 'loud', readonly number[]>): Figure[] =>
  ([50, 99] as const).flatMap(percent => {
    const without = quantile(quiet, percent / 100)
    const hanging = quantile(loud, percent / 100)
    const what = `decision stored to tool started, p${percent}`
    return [
      { name: `resumeP${percent}WithoutMail`, value: without, unit: 'ms', what: `${what}, nobody is told` },
      {
        name: `resumeP${percent}WithHangingMail`,
        value: hanging,
        unit: 'ms',
        what: `${what}, mail and webhook hang`,
      },
      {
        name: `resumeP${percent}HangingMailRatio`,
        value: hanging / without,
        unit: 'x',
        what: 'the second by the first',
      },
    ]
  })
