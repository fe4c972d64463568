#!/usr/bin/env node
/** holeproof's one program: `holeproof <command>` where it is installed, `scripts/<command>` in a checkout. */
const OLDEST = 20

if (Number(process.versions.node.split('.')[0]) < OLDEST) {
  console.error(`holeproof needs Node.js ${OLDEST} or newer; this is ${process.versions.node}`)
  process.exit(3)
}
// What it imports an older one cannot even read.
const { runProgram } = await import('./lib/cli/program.ts')
await runProgram(process.argv.slice(2))
