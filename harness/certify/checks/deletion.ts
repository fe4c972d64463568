import { type Check, refuted, upheld } from './check.ts'
import { describeFill, fillAndFree } from './run_experiment.ts'

/** As many volumes must fit after all of them were deleted as before. */
export const deleteFrees: Check = {
  id: 'delete-frees',
  title: 'deleted volumes are gone, and their space is free again',
  run: async ({ session }) => {
    const volume = await session.create()
    await volume.attach()
    await volume.delete()
    const path = await session.findUnwanted(volume.name)
    if (path !== undefined) return refuted(`${volume.name} was deleted but can still be attached, at ${JSON.stringify(path)}`)
    const first = await fillAndFree(session)
    const second = await fillAndFree(session)
    if (second.volumes < first.volumes) return refuted(`${describeFill(first)}; then ${describeFill(second)}: ${second.endedBy ?? ''}`)
    return upheld(`${describeFill(first)}, twice`)
  },
}
