import { type Command, Option, type OptionValues } from '@commander-js/extra-typings'
import { UsageError } from '../../../harness/errors.ts'
import type { MachineChoice } from '../../../harness/machine/machine.ts'
import { outFile } from '../output/out.ts'

/** Adds the options of every command that reports a run's result. `what` is one thing that the run reports on, such as `a cell`. */
export function addReportOptions<Args extends unknown[], Options extends OptionValues>(command: Command<Args, Options>, what: string) {
  return command
    .option('--out <folder>', 'where the result and its reports go', 'reports')
    .addOption(summaryOption())
    .option('--baseline <result>', 'compare with an earlier result, a folder or a file; fail if anything is worse (exit code 1)')
    .option('--strict', `fail if ${what} is not shown (exit code 1)`)
    .option('--plain', 'no colours, no progress bar')
    .option('--quiet', 'show failures and the verdict only')
}

/** Adds the options of every command that runs something on a machine and reports its result. */
export function addRunOptions<Args extends unknown[], Options extends OptionValues>(command: Command<Args, Options>, what: string) {
  return addSeedAndReportOptions(command.addOption(machineOption('where to run')).addOption(kernelOption()), what)
}

/** Adds the same options, but --kernel takes several kernels. */
export function addRunOptionsOnKernels<Args extends unknown[], Options extends OptionValues>(
  command: Command<Args, Options>,
  what: string,
) {
  return addSeedAndReportOptions(command.addOption(machineOption('where to run')).addOption(kernelsOption()), what)
}

function addSeedAndReportOptions<Args extends unknown[], Options extends OptionValues>(command: Command<Args, Options>, what: string) {
  return addReportOptions(command.addOption(seedOption()), what)
}

export function seedOption() {
  return new Option('--seed <number>', 'repeat the run that had this seed').argParser(parseWhole('--seed'))
}

export function machineOption(description: string) {
  return new Option('--machine <kind>', description).choices(['auto', 'native', 'uml', 'qemu']).default('auto')
}

/** `--kernel`. Without it, a run takes the newest kernel that boots here. */
export function kernelOption() {
  return new Option('--kernel <version>', "the kernel of UML guests: a version such as 6.12, distribution (this system's own) or newest")
    .env('HOLEPROOF_KERNEL')
    .argParser(parseKernel)
}

/** `--kernel` of a command that runs on one kernel after the other. */
function kernelsOption() {
  return new Option(
    '--kernel <versions>',
    "the kernel of UML guests, or several, separated by commas, to compare: versions such as 6.12, distribution (this system's own) or newest",
  )
    .env('HOLEPROOF_KERNEL')
    .argParser(parseKernels)
}

export function parseKernels(text: string): readonly string[] {
  const kernels = text.split(',').map((kernel) => parseKernel(kernel.trim()))
  const repeated = kernels.find((kernel, index) => kernels.indexOf(kernel) < index)
  if (repeated !== undefined) throw new UsageError(`--kernel: ${repeated} is there twice. Name each kernel once.`)
  return kernels
}

export function parseKernel(text: string): string {
  if (/^(newest|distribution|\d+(\.\d+)+)$/.test(text)) return text
  throw new UsageError(`--kernel must be newest, distribution or a version such as 6.12, not '${text}'`)
}

/** The QEMU whose mirror `--only mirror` looks at by default: the newest that Debian's testing has. */
const NEWEST_QEMU = '11.1'

/** `--qemu`: versions of two numbers, which name ids. */
export function qemusOption() {
  return new Option('--qemu <versions>', `the QEMU versions of --only mirror, separated by commas: 7.2, 10.0, ${NEWEST_QEMU}`)
    .default([NEWEST_QEMU])
    .argParser((text: string) => {
      const versions = text.split(',').map((version) => version.trim())
      for (const version of versions)
        if (!/^\d+\.\d+$/.test(version)) throw new UsageError(`--qemu must be versions of two numbers such as 10.0, not '${version}'`)
      return [...new Set(versions)]
    })
}

/** The options that select the same machine again. */
export function machineWords({ kind }: MachineChoice, kernel: string | undefined): string[] {
  return ['--machine', kind, ...(kernel === undefined ? [] : ['--kernel', kernel])]
}

export function summaryOption() {
  return new Option('--summary <file>', 'write a Markdown summary (GitHub jobs always get one)').argParser(outFile('--summary'))
}

/** `--only`, which may be repeated. `what` is one thing that it selects, such as `cell`. */
export function onlyOption(what: string) {
  return new Option('--only <ids>', `comma-separated ${what} ids or id prefixes`).argParser((ids: string, earlier: string | undefined) =>
    earlier === undefined ? ids : `${earlier},${ids}`,
  )
}

/** Reads a whole number of 0 or more. Throws UsageError if it is anything else. */
export function parseWhole(option: string): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(number))
      throw new UsageError(`${option} must be a whole number of 0 or more, not '${text}'`)
    return number
  }
}

export function newSeed(): number {
  return Math.floor(Math.random() * 1_000_000)
}
