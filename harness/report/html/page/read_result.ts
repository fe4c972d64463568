import type { Result } from '../../../result/result.ts'
import { bytesOf } from './base64.ts'

/** The result that the page was made from. */
export async function readResult(): Promise<Result> {
  const element = document.getElementById('result')
  const text = element?.textContent ?? ''
  if (element?.getAttribute('type') !== 'application/gzip') return JSON.parse(text)
  const unpacked = new Blob([bytesOf(text)]).stream().pipeThrough(new DecompressionStream('gzip'))
  return new Response(unpacked).json()
}
