import { type Check, refuted, upheld } from './check.ts'
import { describeFill, fillAndFree } from './run_experiment.ts'

/** Space comes back: as many volumes fit after all of them were deleted as before. */
export const deleteFrees: Check = {
  id: 'delete-frees',
  title: 'deleting volumes gives their space back, and a deleted volume is gone',
  run: async ({ session }) => {
    const volume = await session.create()
    await volume.attach()
    await volume.delete()
    const path = await session.findUnwanted(volume.name)
    if (path !== undefined) return refuted(`${volume.name} was deleted and can be attached still, at ${JSON.stringify(path)}`)
    const first = await fillAndFree(session)
    const second = await fillAndFree(session)
    if (second.volumes < first.volumes) return refuted(`${describeFill(first)}; then ${describeFill(second)}: ${second.endedBy ?? ''}`)
    return upheld(`${describeFill(first)}, twice`)
  },
}
