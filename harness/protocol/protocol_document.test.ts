import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { CANDIDATE_LIMITS, STORAGE_BYTES } from '../certify/certify.ts'
import { MiB } from '../units.ts'
import { ADAPTER_FAULT, LONGEST_LINE, METHOD_NOT_FOUND } from './json_rpc.ts'
import { PROTOCOL, type Verb, verbs } from './verbs.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const file = join(root, 'docs/protocol.md')
const document = readFileSync(file, 'utf8')

const requestSchema = z.strictObject({
  jsonrpc: z.literal('2.0'),
  id: z.number(),
  method: z.string(),
  params: z.record(z.string(), z.unknown()),
})
const answerSchema = z.strictObject({ jsonrpc: z.literal('2.0'), id: z.number(), result: z.unknown() })

function section(heading: string): string {
  const [, after] = document.split(`\n${heading}\n`)
  if (after === undefined) throw new Error(`the document has no ${heading}`)
  return after.split(/\n##+ /)[0] ?? ''
}

function blocks(language: string, text: string): string[] {
  return [...text.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(([, block]) => block ?? '')
}

function keysOf(schema: z.ZodType): string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
}

describe.each(Object.keys(verbs) as Verb[])('the document on %s', (verb) => {
  const { params, result, optional } = verbs[verb]
  const text = section(`### ${verb}`)

  test('has an example that the harness would send and accept', () => {
    const [example, more] = blocks('json', text)
    expect(more).toBeUndefined()
    const [request, answer, rest] = (example ?? '').trim().split('\n')
    expect(rest).toBeUndefined()
    const { id, method, params: given } = requestSchema.parse(JSON.parse(request ?? ''))
    expect(method).toBe(verb)
    // A key that the schema does not know would be lost on the way.
    expect((params as z.ZodType).parse(given)).toEqual(given)
    const answered = answerSchema.parse(JSON.parse(answer ?? ''))
    expect(answered.id).toBe(id)
    expect((result as z.ZodType).parse(answered.result)).toEqual(answered.result)
  })

  test('names every parameter and result, and says whether it is optional', () => {
    for (const key of [...keysOf(params), ...keysOf(result)]) expect(text).toContain(`\`${key}\``)
    expect(text.trimStart().startsWith('Optional.')).toBe(optional)
  })
})

test('the document has no verb that the protocol has not', () => {
  const part = document.split('\n## Verbs\n')[1]?.split('\n## ')[0] ?? ''
  const described = [...part.matchAll(/^### (\w+)$/gm)].map(([, verb]) => verb)
  expect(described).toEqual(Object.keys(verbs))
})

test('the document tells the version, the limits and the codes that are in force', () => {
  expect(document).toMatch(new RegExp(`^# .*\`${PROTOCOL}\``))
  const limits = section('## Limits')
  expect(limits).toContain(`| \`get_capabilities\` | ${CANDIDATE_LIMITS.askSeconds} s `)
  expect(limits).toContain(`| any other verb | ${CANDIDATE_LIMITS.verbSeconds} s `)
  expect(limits).toContain(`| a line | ${LONGEST_LINE / MiB} MiB |`)
  expect(limits).toContain(`The device has ${STORAGE_BYTES / MiB} MiB`)
  expect(section('## Errors')).toContain(`| ${METHOD_NOT_FOUND} | "method not found"`)
  expect(section('## Errors')).toContain(`| ${ADAPTER_FAULT} | "adapter fault"`)
})
