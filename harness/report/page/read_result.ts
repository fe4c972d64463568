import { printable } from '../../result/printable.ts'
import type { Result } from '../../result/result.ts'

/** The result that the page was made from. */
export async function readResult(): Promise<Result> {
  const element = document.getElementById('result')
  const text = element?.textContent ?? ''
  const json = element?.getAttribute('type') === 'application/gzip' ? await unpacked(text) : text
  return JSON.parse(json, shown)
}

async function unpacked(base64: string): Promise<string> {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).text()
}

/** What drivers and tools said must not turn the direction of writing; a script stays as it is, to be copied. */
function shown(key: string, value: unknown): unknown {
  return typeof value === 'string' && key !== 'script' ? printable(value.replaceAll('\t', '    ')) : value
}
