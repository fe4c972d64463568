/** The public exports of `holeproof`: the types of drivers and of results. `holeproof/vitest` is describe_driver.ts. */
export type {
  MakeDriver,
  MigrationTarget,
  ModuleDriver,
  NeededVerbs,
  OptionalVerbs,
  VolumeDriver,
} from './protocol/driver.ts'
export type { DriverSetup } from './protocol/verbs.ts'
export type { CellResult } from './result/cell.ts'
export type { Certificate, CheckResult, Counterexample } from './result/certificate.ts'
export { type Cinders, cindersSchema } from './result/cinders.ts'
export type { CopyResult } from './result/copy.ts'
export type { CopyMode } from './result/copy_mode.ts'
export type { Evidence } from './result/evidence.ts'
export type { Finding, Verdict } from './result/finding.ts'
export { type Forecast, forecastSchema } from './result/forecast.ts'
export { type Kernels, kernelsSchema } from './result/kernels.ts'
export { type Proof, proofSchema } from './result/proof.ts'
export { type Result, resultSchema } from './result/result.ts'
