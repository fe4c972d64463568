import { expect, test } from 'vitest'
import { assetPath } from '../harness/paths.ts'
import { certified } from '../tests/support/certified.ts'

const templates = ['python/driver.py', 'typescript/driver.ts']
/** The migrations would double the time, and of their verbs the templates implement only the rename. */
const isLeftOut = (id: string) => id.startsWith('migrate-') && id !== 'migrate-in/host/lvm-thin'

// Developers copy these files, so they are certified as they stand. docs/write-a-driver.md certifies the template in shell.
test('the driver templates are certified', { timeout: 600_000 }, async ({ signal }) => {
  const paths = templates.map((template) => assetPath(`examples/drivers/${template}`))

  const certificates = await certified(paths, { only: (id) => !isLeftOut(id), signal })

  const unsound = certificates.flatMap(({ driver, checks }) =>
    checks
      .filter(({ id, verdict }) => !isLeftOut(id) && verdict !== 'upheld' && verdict !== 'not-offered')
      .map(({ id, verdict, text }) => `${driver}: ${id} is ${verdict}: ${text}`),
  )
  expect(unsound).toEqual([])
  expect(certificates.map(({ claim }) => claim)).toEqual(templates.map(() => true))
})
