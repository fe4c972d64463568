import { build, stop } from 'esbuild'
import { assetPath } from '../../paths.ts'
import type { Result } from '../../result/result.ts'
import { embedded } from './embed.ts'

/** A result as one page that stands alone: opened from disk, it loads nothing. */
export async function htmlReport(result: Result): Promise<string> {
  const { script, style } = await frontEnd()
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>holeproof</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<div id="page"><noscript>This report is drawn by its own script, which this browser does not run.</noscript></div>
${embedded('result', result)}
<script>${script}</script>
</body>
</html>
`
}

/** The front-end in the folder `page`, as one script and one style that may stand in a page. */
async function frontEnd(): Promise<{ script: string; style: string }> {
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
    // All is said here: an installed package has no tsconfig.json.
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
