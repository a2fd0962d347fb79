// `npm run lint`: what can be checked without running anything of ours.
import { checks, runChecks } from './checks.ts'

const failed = await runChecks(checks())
if (failed.length > 0) process.exitCode = 1
