import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { messageOf, UsageError } from '../../../harness/errors.ts'
import { commandLine } from '../../../harness/paths.ts'
import { fromVersion1, VERSION_1 } from '../../../harness/result/read_version_1.ts'
import { type Result, resultSchema } from '../../../harness/result/result.ts'
import { kernelFolders, RESULT_FILE } from '../output/result_folder.ts'
import { readJson } from './json.ts'

/** The file of a result, given the file or its folder. */
export async function resultFile(path: string): Promise<string> {
  const isFolder = await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  )
  return isFolder ? join(path, RESULT_FILE) : path
}

/** Reads the result of an earlier run, of this version or version 1, from its folder or its file. Throws UsageError if it is not a result. */
export async function readResult(path: string): Promise<Result> {
  const file = await resultFile(path)
  const json = await readJson(file).catch(async (error: unknown) => {
    const kernels = await kernelFolders(path)
    const hint =
      kernels.length === 0
        ? `${commandLine('verify')}, ${commandLine('certify')} and ${commandLine('explore')} write results`
        : `${path} holds the results of several kernels: name one of ${kernels.map((name) => join(path, name)).join(', ')}`
    throw new UsageError(`${messageOf(error)}\n(${hint})`)
  })
  const { value } = resultSchema.shape.schema
  if (typeof json !== 'object' || json === null || !('schema' in json))
    throw new UsageError(`${file} is not a holeproof result: it has no field "schema"`)
  const { schema } = json
  if (schema !== value && schema !== VERSION_1)
    throw new UsageError(`${file} has the schema ${schema}. This version reads ${value} and ${VERSION_1}.`)
  const { data, error } = resultSchema.safeParse(schema === VERSION_1 ? fromVersion1({ ...json }) : json)
  if (data === undefined) throw new UsageError(`${file} does not match result.schema.json:\n${z.prettifyError(error)}`)
  return data
}

/** Reads the result that --baseline names. Call it before the run, which may overwrite that file. Throws UsageError like readResult. */
export async function readBaseline(path: string | undefined): Promise<Result | undefined> {
  return path === undefined ? undefined : readResult(path)
}
