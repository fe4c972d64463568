import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { messageOf, UsageError } from '../../../harness/errors.ts'

/** Reads a JSON file; `-` is standard input. Throws UsageError if it cannot be read or is not valid JSON. */
export async function readJson(file: string): Promise<unknown> {
  const what = file === '-' ? 'standard input' : file
  let json: string
  try {
    json = file === '-' ? await text(process.stdin) : await readFile(file, 'utf8')
  } catch (error) {
    throw new UsageError(`${what} cannot be read: ${messageOf(error)}`)
  }
  try {
    return JSON.parse(json)
  } catch (error) {
    // Node quotes the text as it stands, and ends with the same words.
    const why = messageOf(error)
      .replace(/\s+/g, ' ')
      .replace(/ is not valid JSON$/, '')
    throw new UsageError(`${what} is not valid JSON: ${why}`)
  }
}
