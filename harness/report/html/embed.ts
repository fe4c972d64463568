import { gzipSync } from 'node:zlib'

/** A larger text is packed: browsers unpack faster than they read. */
const MOST_PLAIN_BYTES = 256 * 1024

/** JSON that may stand in a script element: no `<` that could end it, no character that ends a line of script. */
export function safeJson(json: string): string {
  return json.replaceAll('<', '\\u003c').replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
}

/** Text of drivers and tools must not turn the direction of writing, so these characters are escaped. */
export function upright(json: string): string {
  return json.replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (character) => `\\\\u${character.charCodeAt(0).toString(16)}`)
}

/** A script element that holds a value instead of a script: JSON, or gzip in base64 if the JSON is large. */
export function embedded(id: string, value: unknown): string {
  const json = upright(JSON.stringify(value))
  return json.length <= MOST_PLAIN_BYTES
    ? `<script id="${id}" type="application/json">${safeJson(json)}</script>`
    : `<script id="${id}" type="application/gzip">${gzipSync(json).toString('base64')}</script>`
}
