import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { dir } from 'tmp-promise'
import { describe, expect, test } from 'vitest'
import { assetPath } from '../harness/paths.ts'
import { commandsIn, endedAsShown, missingLines } from './support/doc_examples.ts'
import { runIn } from './support/run_in.ts'

const WALK_SECONDS = 600
/** What a reader has in a checkout, and the documents speak of. */
const CHECKOUT = ['scripts', 'examples', 'docs']

/** On a runner of GitHub's, these would add to what is printed. */
const OF_ITS_OWN = { GITHUB_ACTIONS: undefined, GITHUB_STEP_SUMMARY: undefined }

// A reader types what a document says, command by command, and sees what it shows.
const DOCUMENTS = ['write-a-driver', 'protocol', 'findings', 'ci', 'forecast'].map((name) => `docs/${name}.md`)

describe.each(DOCUMENTS)('%s', (document) => {
  test('works as printed', { timeout: WALK_SECONDS * 1000 }, async () => {
    const checkout = await dir({ prefix: 'a-checkout-', unsafeCleanup: true })
    try {
      for (const name of CHECKOUT) await symlink(assetPath(name), join(checkout.path, name))
      await mkdir(join(checkout.path, 'reports'))
      const wrong: unknown[] = []
      for (const { command, shown } of commandsIn(document)) {
        // A block for sh may hold several commands, each of which must work.
        const { stdout, ending } = await runIn(checkout.path, ['sh', '-ec', command], OF_ITS_OWN)
        const missing = missingLines(stdout.toString(), shown)
        if (missing.length > 0 || !endedAsShown(ending, shown)) wrong.push({ command, ending, missing, printed: stdout.toString() })
      }
      expect(wrong).toEqual([])
    } finally {
      await checkout.cleanup()
    }
  })
})
