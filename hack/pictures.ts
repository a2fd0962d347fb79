// `npm run pictures`: takes the pictures of README and docs anew, out of the browser tests, so that they show what is.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repository, run } from './checks.ts'
import { namedPictures, picturesFolder } from './named-pictures.ts'

const taken = mkdtempSync(join(tmpdir(), 'countersign-pictures-'))
try {
  const vitest = join(repository, 'node_modules', 'vitest', 'vitest.mjs')
  const env = { COUNTERSIGN_SCREENSHOTS: taken }
  const code = await run(process.execPath, [vitest, 'run', '--project=browser'], env)
  if (code !== 0) throw new Error('The tests of the page failed: no picture was replaced.')
  const missing = namedPictures().filter(name => !existsSync(join(taken, name)))
  if (missing.length > 0) throw new Error(`No test takes these pictures: ${missing.join(', ')}`)
  mkdirSync(picturesFolder, { recursive: true })
  for (const name of namedPictures()) copyFileSync(join(taken, name), join(picturesFolder, name))
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
} finally {
  rmSync(taken, { recursive: true, force: true })
}
