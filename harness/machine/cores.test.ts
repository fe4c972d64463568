import { expect, test } from 'vitest'
import { allowedCores, freestCores } from './cores.ts'

test.each([
  ['0-3', [0, 1, 2, 3]],
  ['0-1,4', [0, 1, 4]],
  ['7', [7]],
])('the allowed cores of %s', (list, cores) => {
  expect(allowedCores(`Name:\tnode\nCpus_allowed:\tff\nCpus_allowed_list:\t${list}\nMems_allowed:\t1\n`)).toEqual(cores)
})

test('all allowed cores are there once', async () => {
  expect((await freestCores()).toSorted()).toEqual(allowedCores().toSorted())
})
