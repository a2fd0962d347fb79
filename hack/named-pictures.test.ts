import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { namedPictures, picturesFolder } from './named-pictures.ts'

test('every picture that the docs show is there, and none that they do not show (npm run pictures takes them)', () => {
  expect(namedPictures().length).toBeGreaterThan(0)
  expect(readdirSync(picturesFolder).sort()).toEqual(namedPictures())
})
