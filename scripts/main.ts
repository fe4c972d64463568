#!/usr/bin/env node
/** holeproof's one program: `holeproof <command>` where it is installed, `scripts/<command>` in a checkout. */
const OLDEST = 20

if (Number(process.versions.node.split('.')[0]) < OLDEST) {
  console.error(`holeproof needs Node.js ${OLDEST} or newer; this is ${process.versions.node}`)
  process.exit(3)
}
// Older versions cannot even parse the imports, so they come after the check.
const { runProgram } = await import('./lib/cli/program.ts')
await runProgram(process.argv.slice(2))
