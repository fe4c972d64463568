import type { DriverUnderTest, Shutdown } from '../session/driver_under_test.ts'
import { type Check, type CheckOutcome, notOffered, notShown, refuted, upheld } from './check.ts'

export const setsUp: Check = {
  id: 'sets-up',
  title: 'the driver starts and sets itself up',
  phase: 'first',
  run: async (driver) => {
    const { name } = (await driver.install()).process.about
    return upheld(name === undefined ? 'do_setup was answered' : `do_setup was answered by ${JSON.stringify(name)}`)
  },
}

export const speaksProtocol: Check = {
  id: 'speaks-protocol',
  title: 'the driver writes nothing but answers, and ends when its input closes',
  phase: 'last',
  run: (driver) =>
    afterShutdown(driver, () => {
      const [trouble, ...more] = driver.troubles
      if (trouble === undefined) return upheld('it wrote nothing but answers, and ended with its input')
      return refuted(more.length > 0 ? `${trouble}; ${more.length} more` : trouble)
    }),
}

export const leavesNothingBehind: Check = {
  id: 'leaves-nothing-behind',
  title: 'the driver leaves nothing on the machine after its shutdown',
  phase: 'last',
  run: (driver) =>
    afterShutdown(driver, ({ fault, offered, leftovers }) => {
      if (fault !== undefined) return refuted(fault)
      if (!offered) return notOffered('the driver does not offer to shut down; its storage was taken away')
      return leftovers.length === 0 ? upheld('no process, mount or device') : refuted(`left: ${leftovers.join('; ')}`)
    }),
}

/** Judges a program once it has shut down. */
async function afterShutdown(driver: DriverUnderTest, judge: (shutdown: Shutdown) => CheckOutcome): Promise<CheckOutcome> {
  if (driver.candidate.kind === 'built-in') return notOffered('a built-in driver is not a program')
  if (driver.first === undefined) return notShown(driver.whyGone)
  return judge(await driver.shutDown())
}
