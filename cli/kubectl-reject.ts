import { decideCommand } from './decide/command.ts'
import { main } from './main.ts'

await main((argv, environment) => decideCommand('Reject', argv, environment))
