import { createInterface } from 'node:readline/promises'
import type { TestBed } from '../../../harness/testbed/test_bed.ts'
import type { Cell } from '../../../harness/verify/cell.ts'

/** Keeps a cell's storage and runs typed commands on the cell's machine, until `exit` or the end of the input. */
export async function openDebugShell({ machine, lab, lvm }: TestBed, cell: Cell): Promise<void> {
  const prompt = `${machine.name}# `
  console.error(
    [
      '',
      `The storage of ${cell.id} is kept. No further cell runs.`,
      `Commands run in ${machine.name} (${machine.kind} ${machine.kernel}), in ${lab.folder}.`,
      "Look around with lvs, dmsetup status or losetup. Type 'exit' to clean up and end.",
    ].join('\n'),
  )
  const terminal = createInterface({ input: process.stdin, output: process.stderr, prompt })
  terminal.prompt()
  for await (const line of terminal) {
    if (line.trim() === 'exit') break
    if (line.trim() !== '') {
      const { stdout, stderr } = await machine.run(['sh', '-c', line], { env: lvm.environment })
      process.stderr.write(stdout)
      process.stderr.write(stderr)
    }
    terminal.prompt()
  }
  terminal.close()
}
