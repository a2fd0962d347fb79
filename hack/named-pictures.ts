import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from './checks.ts'

export const picturesFolder = join(repository, 'docs', 'pictures')

/** File names of the pictures that README and docs show, each once. */
export function namedPictures(): readonly string[] {
  const docs = readdirSync(join(repository, 'docs')).filter(name => name.endsWith('.md'))
  const files = ['README.md', ...docs.map(name => join('docs', name))]
  const text = files.map(file => readFileSync(join(repository, file), 'utf8')).join('\n')
  return [...new Set([...text.matchAll(/pictures\/([\w-]+\.png)/g)].map(([, name = '']) => name))].sort()
}
