import { BrokenLab } from '../../errors.ts'
import { describeEnding } from '../command_failed.ts'
import { startHere } from '../native.ts'
import { runToEnd } from '../run_to_end.ts'
import { findProgram, toolsEnvironment } from '../tools.ts'

/** The formats that Linux distributions compress kernels and modules in, by their first bytes. */
const FORMATS: readonly { magic: string; program: string }[] = [
  { magic: 'fd377a585a00', program: 'xz' },
  { magic: '28b52ffd', program: 'zstd' },
  { magic: '1f8b', program: 'gzip' },
  { magic: '02214c18', program: 'lz4' },
]

/** The program that decompresses data beginning like this; undefined when it is not known to be compressed. */
export function compressorOf(data: Buffer): string | undefined {
  return FORMATS.find(({ magic }) => data.toString('hex', 0, magic.length / 2) === magic)?.program
}

/** Decompresses data that is compressed and returns any other as it is. Throws BrokenLab when that fails. */
export async function decompress(data: Buffer, what: string): Promise<Buffer> {
  const program = compressorOf(data)
  if (program === undefined) return data
  if (findProgram(program) === undefined) throw new BrokenLab(`${what} is compressed and ${program} is not installed`)
  const argv = [program, '-dc']
  const { ending, stdout, stderr } = await runToEnd(argv, async () => startHere(argv, toolsEnvironment()), { stdin: data })
  if (ending.how === 'exit' && ending.code === 0) return stdout
  throw new BrokenLab(`${what} could not be decompressed: ${program} ${describeEnding(ending)}: ${stderr.toString().trim()}`)
}
