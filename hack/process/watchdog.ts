// Outlives the process that started it by as long as it takes to stop a group of processes. It waits for the end
// of its standard input, which comes with the end of its parent however that ends, kill -9 included.
// Usage: node watchdog.ts RECORD
import { stopGroup } from './record.ts'

const [path] = process.argv.slice(2)
if (!path) throw new Error('usage: watchdog.ts RECORD')

process.stdin.resume()
// A parent that stopped its group itself has removed the record: then there is nothing to do.
process.stdin.on('close', () => void stopGroup(path).finally(() => process.exit()))
process.stdin.on('error', () => {})
