// Writes what is generated from the schemas in crds/v1alpha1: the CustomResourceDefinitions and the API reference.
//   npm run gen              writes the files that differ, and removes manifests of kinds that are gone
//   npm run gen -- --check   writes nothing; lists the files that differ and exits with 1
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { generatedFiles, MANIFESTS } from './gen/files.ts'
import { problems } from './gen/lint.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })

const refused = problems()
if (refused.length > 0) {
  console.error(
    `The API server would refuse these schemas, or people could not read them:\n  ${refused.join('\n  ')}`,
  )
  process.exit(1)
}

const files = generatedFiles()
const differing = files.filter(({ path, content }) => {
  const file = join(root, path)
  return !existsSync(file) || readFileSync(file, 'utf8') !== content
})
const wanted = new Set(files.map(file => file.path))
const stale = (existsSync(join(root, MANIFESTS)) ? readdirSync(join(root, MANIFESTS)) : [])
  .map(name => `${MANIFESTS}/${name}`)
  .filter(path => !wanted.has(path))

if (values.check) {
  for (const { path } of differing) console.error(`differs from the schemas: ${path}`)
  for (const path of stale) console.error(`belongs to no kind: ${path}`)
  if (differing.length + stale.length > 0) {
    console.error('Run `npm run gen` and commit what it writes.')
    process.exit(1)
  }
  console.log(`${files.length} generated files are as the schemas say.`)
} else {
  for (const { path, content } of differing) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
    console.log(`wrote ${path}`)
  }
  for (const path of stale) {
    rmSync(join(root, path))
    console.log(`removed ${path}`)
  }
  if (differing.length + stale.length === 0) console.log('Nothing differs.')
}
