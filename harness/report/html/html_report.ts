import type { Result } from '../../result/result.ts'
import { loadPage } from './bundle_page.ts'
import { embedded } from './embed.ts'

/** A result as one page that stands alone: opened from disk, it loads nothing. */
export async function htmlReport(result: Result): Promise<string> {
  const { script, style } = await loadPage()
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
