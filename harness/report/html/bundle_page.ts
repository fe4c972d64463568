import { readFile } from 'node:fs/promises'
import { build, stop } from 'esbuild'
import { assetPath, bundlePath, isPackage } from '../../paths.ts'

/** One script and one style that may stand in a page. */
export interface PageBundle {
  readonly script: string
  readonly style: string
}

/** The front-end in the folder `page`. The package has it ready; a checkout bundles its sources, so that it shows them as they are. */
export async function loadPage(): Promise<PageBundle> {
  if (!isPackage) return bundlePage()
  const [script, style] = await Promise.all(['page.js', 'page.css'].map((name) => readFile(bundlePath(name), 'utf8')))
  return { script: script ?? '', style: style ?? '' }
}

/** Bundles the front-end from its sources. */
export async function bundlePage(): Promise<PageBundle> {
  // A SIGINT from the terminal has ended esbuild's process as well; a new one starts after this.
  await stop()
  const { outputFiles } = await build({
    entryPoints: ['main.tsx', 'style.css'].map((name) => assetPath(`harness/report/html/page/${name}`)),
    outdir: 'page',
    write: false,
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    // Read as if there were no tsconfig.json: the page has one for the type checker only.
    tsconfigRaw: {},
    jsx: 'automatic',
    jsxImportSource: 'preact',
    charset: 'utf8',
    logLevel: 'silent',
  })
  const textOf = (end: string) => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? ''
  // esbuild writes `<\/script` in a script's texts by itself.
  return { script: textOf('.js'), style: textOf('.css') }
}
