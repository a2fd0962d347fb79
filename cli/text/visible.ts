/** The rule holds for mail and chat as it does for a terminal, so that it stands in operator/policy. */
export { visible, visibleLines } from '../../operator/policy/visible.ts'
