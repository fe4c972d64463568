import { expect, test } from 'vitest'
import { exampleBench } from '../../tests/support/example_bench.ts'
import { publishedSchema } from '../../tests/support/published_schema.ts'
import { benchSchema } from './bench.ts'

test('the published schema is the one that measurements have', async () => {
  await expect(`${JSON.stringify(publishedSchema(benchSchema), null, 2)}\n`).toMatchFileSnapshot('../../schemas/bench.schema.json')
})

test('a measurement matches it', () => {
  expect(benchSchema.parse(exampleBench())).toEqual(exampleBench())
})
