/** What a project imports from `holeproof`: the types of drivers and of results. `holeproof/vitest` is describe_driver.ts. */
export type {
  MakeDriver,
  MigrationTarget,
  ModuleDriver,
  NeededVerbs,
  OptionalVerbs,
  VolumeDriver,
} from './protocol/driver.ts'
export type { DriverSetup } from './protocol/verbs.ts'
export type { CopyMode } from './result/copy_mode.ts'
export { type Forecast, forecastSchema } from './result/forecast.ts'
export { type Proof, proofSchema } from './result/proof.ts'
export {
  type CellResult,
  type Certificate,
  type CheckResult,
  type CopyResult,
  type Counterexample,
  type Evidence,
  type Finding,
  type Result,
  resultSchema,
  type Verdict,
} from './result/result.ts'
