import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { messageOf, UsageError } from '../../harness/errors.ts'

/** Reads a JSON file, `-` being standard input. Throws UsageError when there is none, or it is no JSON. */
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
    throw new UsageError(`${what} is no JSON: ${messageOf(error)}`)
  }
}
