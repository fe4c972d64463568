// Vitest and Node leave what lies in node_modules as it is, so tsx brings the TypeScript in.
import { register } from 'tsx/esm/api'

register()
export const { describeDriver } = await import('./harness/index.ts')
