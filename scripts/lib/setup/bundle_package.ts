import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { bundleHelper } from '../../../harness/helper/bundle.ts'
import { bundlePath } from '../../../harness/paths.ts'
import { bundlePage } from '../../../harness/report/html/bundle_page.ts'

// npm's prepack runs this from dist: what a checkout bundles at each run, the package brings along.
const { script, style } = await bundlePage()
await mkdir(dirname(bundlePath('page.js')), { recursive: true })
await writeFile(bundlePath('page.js'), script)
await writeFile(bundlePath('page.css'), style)
await writeFile(bundlePath('helper.mjs'), await bundleHelper())
