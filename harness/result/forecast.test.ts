import { expect, test } from 'vitest'
import { publishedSchema } from '../../tests/support/published_schema.ts'
import { forecastSchema } from './forecast.ts'

// `vitest run -u` writes it anew after a change of the forecast's shape.
test('the published schema is the one of forecasts', async () => {
  await expect(`${JSON.stringify(publishedSchema(forecastSchema), null, 2)}\n`).toMatchFileSnapshot('../../schemas/forecast.schema.json')
})
