import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { withDir } from 'tmp-promise'
import { describe, expect, test } from 'vitest'
import { assetPath } from '../harness/paths.ts'
import { commandsIn, endedAsShown, missingLines } from './support/doc_examples.ts'
import { runIn } from './support/run_in.ts'

const WALK_SECONDS = 600
/** The parts of a checkout that the documents mention. */
const CHECKOUT = ['scripts', 'examples', 'docs']

/** A runner of GitHub's sets these, and they would add to the output. */
const WITHOUT_GITHUB = { GITHUB_ACTIONS: undefined, GITHUB_STEP_SUMMARY: undefined }

// A reader types what a document says, command by command, and sees what it shows.
const DOCUMENTS = ['write-a-driver', 'protocol', 'findings', 'ci', 'diff', 'forecast'].map((name) => `docs/${name}.md`)

describe.each(DOCUMENTS)('%s', (document) => {
  test('works as printed', { timeout: WALK_SECONDS * 1000 }, () =>
    withDir(
      async ({ path: checkout }) => {
        for (const name of CHECKOUT) await symlink(assetPath(name), join(checkout, name))
        await mkdir(join(checkout, 'reports'))
        const wrong: unknown[] = []
        for (const { command, shown } of commandsIn(document)) {
          // A block for sh may hold several commands, each of which must work.
          const { stdout, ending } = await runIn(checkout, ['sh', '-ec', command], WITHOUT_GITHUB)
          const missing = missingLines(stdout.toString(), shown)
          if (missing.length > 0 || !endedAsShown(ending, shown)) wrong.push({ command, ending, missing, printed: stdout.toString() })
        }
        expect(wrong).toEqual([])
      },
      { prefix: 'a-checkout', unsafeCleanup: true },
    ),
  )
})
