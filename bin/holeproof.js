#!/usr/bin/env node
// The command of the installed package. Its TypeScript runs as it is; tsx's cache would stay in the system's temporary folder.
process.env.TSX_DISABLE_CACHE = '1'
process.env.HOLEPROOF_CALLED_AS = 'holeproof'
const { register } = await import('tsx/esm/api')
register()
await import('../scripts/main.ts')
