import { approvalsCommand } from './approvals/command.ts'
import { main } from './main.ts'

await main(approvalsCommand)
