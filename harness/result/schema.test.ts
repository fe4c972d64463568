import { expect, test } from 'vitest'
import { publishedSchema } from '../../tests/support/published_schema.ts'
import { resultSchema } from './result.ts'

// `vitest run -u` writes it anew after a change of the result's shape.
test('the published schema is the one that results are checked with', async () => {
  await expect(`${JSON.stringify(publishedSchema(resultSchema), null, 2)}\n`).toMatchFileSnapshot('../../schemas/result.schema.json')
})
