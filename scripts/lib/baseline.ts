import { Option } from 'commander'
import type { Result } from '../../harness/result/result.ts'
import { readResult } from './read_result.ts'

/** `--baseline`, for every command whose runs can be compared with one another. */
export function baselineOption(): Option {
  return new Option('--baseline <result>', 'compare with an earlier result, a folder or a file: what is worse fails the run (exit code 1)')
}

/** The earlier result that was asked for; to be read before the run, which may be about to overwrite it. */
export async function readBaseline(path: string | undefined): Promise<Result | undefined> {
  return path === undefined ? undefined : readResult(path)
}
