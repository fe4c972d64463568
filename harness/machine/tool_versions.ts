import { BrokenLab } from '../errors.ts'
import { type Machine, runOrThrow } from './machine.ts'

/** The programs whose behaviour a run depends on. Those that a machine lacks are left out. */
const PROGRAMS = ['dd', 'lvm', 'dmsetup', 'thin_dump', 'losetup', 'mkfs.ext4', 'cryptsetup', 'qemu-img'] as const
const MARK = '=== '
const ASK = `for program in ${PROGRAMS.join(' ')}; do
  echo "${MARK}$program"
  command -v "$program" >/dev/null || continue
  case $program in
    lvm) lvm version ;;
    mkfs.ext4) mkfs.ext4 -V 2>&1 ;;
    *) "$program" --version ;;
  esac 2>/dev/null
done
true`

/** By the name of a program, the first line that it says of its version. */
export type ToolVersions = Readonly<Record<string, string>>

/** Asks the programs of a machine for their versions. */
export async function readToolVersions(machine: Machine): Promise<ToolVersions> {
  return parseToolVersions(await runOrThrow(machine, ['sh', '-c', ASK]))
}

/** Reads what the programs said, each after a line with its name. */
export function parseToolVersions(text: string): ToolVersions {
  const parts = text.split(MARK).slice(1)
  return Object.fromEntries(
    parts.flatMap((part) => {
      const [name = '', ...said] = part.split('\n').map((line) => line.trim())
      const first = said.find((line) => line !== '')
      return first === undefined ? [] : [[name, first]]
    }),
  )
}

/** Throws BrokenLab where dd is not GNU's. */
export function demandGnuDd(versions: ToolVersions): void {
  const why = whyNotGnuDd(versions)
  if (why !== undefined) throw new BrokenLab(`the machine cannot copy: ${why}`)
}

/**
 * Returns what is wrong with a dd that is not GNU's, and what to do: others lack some of the options that a copy needs, or take them
 * otherwise, and would refute what is not at fault.
 */
export function whyNotGnuDd({ dd }: ToolVersions): string | undefined {
  if (dd?.startsWith('dd (coreutils)')) return undefined
  return `dd is ${dd === undefined ? 'missing' : `"${dd}"`}, but copies need GNU's: install GNU coreutils and put its dd first on PATH`
}
