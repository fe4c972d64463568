// Vitest and Node leave what lies in node_modules as it is, so the TypeScript is brought in by tsx.
import { tsImport } from 'tsx/esm/api'

export const { describeDriver } = await tsImport('./harness/index.ts', import.meta.url)
