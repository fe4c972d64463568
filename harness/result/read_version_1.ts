/** The schema of results with older property names. */
export const VERSION_1 = 'holeproof-result-1'

type Json = Readonly<Record<string, unknown>>

/** The places and the new names of the properties that version 2 renamed. `[]` stands for every entry of a list. */
const RENAMED: readonly (readonly [path: string, from: string, to: string])[] = [
  ['', 'worlds', 'copies'],
  ['shard.whole', 'worlds', 'copies'],
  ['cells[]', 'misanswer', 'faultyAnswer'],
  ['cells[].evidence.verification', 'survey', 'byteClasses'],
  ['copies[]', 'world', 'copyCase'],
  ['copies[]', 'oldBytesBehind', 'staleBytesPastEnd'],
  ['copies[].smallest', 'world', 'copyCase'],
]

/** Renames the properties of a version 1 result to those of version 2. Missing or malformed parts stay for the schema to report. */
export function fromVersion1(result: Json): Json {
  const renamed = RENAMED.reduce<unknown>((json, [path, from, to]) => renameAt(json, path === '' ? [] : path.split('.'), from, to), result)
  return { ...(isRecord(renamed) ? renamed : result), schema: 'holeproof-result-2' }
}

function renameAt(json: unknown, [step, ...deeper]: readonly string[], from: string, to: string): unknown {
  if (!isRecord(json)) return json
  if (step === undefined) return Object.fromEntries(Object.entries(json).map(([key, value]) => [key === from ? to : key, value]))
  const key = step.replace('[]', '')
  if (!(key in json)) return json
  const below = json[key]
  const inside = (value: unknown) => renameAt(value, deeper, from, to)
  return { ...json, [key]: step.endsWith('[]') && Array.isArray(below) ? below.map(inside) : inside(below) }
}

function isRecord(json: unknown): json is Json {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}
