import { countersignCommand } from './countersign/command.ts'
import { main } from './main.ts'

await main(countersignCommand)
