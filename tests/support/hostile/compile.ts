import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

/** Compiles hostile.py before the scenarios, which start it hundreds of times: a guest cannot write beside it. */
export async function setup(): Promise<void> {
  await execa('/usr/bin/python3', ['-m', 'compileall', '-q', fileURLToPath(new URL('.', import.meta.url))], { reject: false })
}
