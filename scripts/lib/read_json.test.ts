import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { UsageError } from '../../harness/errors.ts'
import { readJson } from './read_json.ts'

describe('a file', () => {
  test('that is not there is a fault of whoever named it', async () => {
    await expect(readJson('/nowhere/plan.json')).rejects.toThrow(UsageError)
  })

  test('that is no JSON is told with its name', async () => {
    await expect(readJson(fileURLToPath(import.meta.url))).rejects.toThrow(/read_json\.test\.ts is no JSON: /)
  })
})
