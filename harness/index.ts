/** What the package offers to other projects. */
export { type DescribeDriverOptions, describeDriver } from './describe_driver.ts'
export type { MakeDriver, MigrationTarget, ModuleDriver, VolumeDriver } from './drivers/driver.ts'
export type { DriverSetup } from './drivers/protocol.ts'
export type { CellResult, Certificate, Result, Verdict, WorldResult } from './result/result.ts'
