import { expect, test } from 'vitest'
import { protocolJsonSchema } from './verbs.ts'

// `vitest run -u` writes it anew after a change of the protocol.
test('the published schema of the driver protocol is the one that drivers are held to', async () => {
  await expect(`${JSON.stringify(protocolJsonSchema(), null, 2)}\n`).toMatchFileSnapshot('../../schemas/driver-protocol.schema.json')
})
