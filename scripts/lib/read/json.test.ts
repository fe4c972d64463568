import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { UsageError } from '../../../harness/errors.ts'
import { readJson } from './json.ts'

describe('a file', () => {
  test('that does not exist is a usage error', async () => {
    await expect(readJson('/nowhere/plan.json')).rejects.toThrow(UsageError)
  })

  test('that is not valid JSON is named in the error', async () => {
    await expect(readJson(fileURLToPath(import.meta.url))).rejects.toThrow(/json\.test\.ts is not valid JSON: /)
  })
})
