import type { CellResult } from '../../result/cell.ts'

/** Cells that are shown together. */
export interface Section {
  readonly title: string
  readonly holds: (cell: CellResult) => boolean
  /** Layouts and answers differ between rows of a section; where they do not, the column would only take room. */
  readonly variant?: (cell: CellResult) => string
}

/** In the order of a report. */
export const SECTIONS: readonly Section[] = [
  { title: 'Host-assisted: the destination is asked, then dd copies', holds: ({ id }) => /^host\/.*\/mixed$/.test(id) },
  {
    title: "Driver-assisted: the source's driver moves it, or declines and the host copies",
    holds: ({ id }) => id.startsWith('driver/'),
  },
  {
    title: 'Live: QEMU mirrors the volume, which is in use, while an instance writes',
    holds: ({ id }) => id.startsWith('live/'),
    variant: ({ writer = '' }) => writer,
  },
  {
    title: 'Live, through libvirt and the QEMU of the distribution',
    holds: ({ id }) => id.startsWith('libvirt/'),
    variant: ({ writer = '' }) => writer,
  },
  {
    title: 'Odd answers to get_capabilities: a full copy each time',
    holds: ({ id }) => id.startsWith('answer/'),
    variant: ({ faultyAnswer = '' }) => faultyAnswer,
  },
  {
    title: 'Asked over REST: sparse only by a whole answer that says true',
    holds: ({ id }) => id.startsWith('rest/'),
    variant: ({ faultyAnswer = 'honest' }) => faultyAnswer,
  },
  {
    title: 'After a crash of the pool: the new volume is one that LVM has lost, full of old data',
    holds: ({ id }) => id.startsWith('orphan/'),
  },
  { title: 'Other layouts of the source', holds: ({ id }) => /^host\/(?!.*\/mixed$)/.test(id), variant: ({ layout }) => layout },
  { title: 'Controls, against the rule on purpose: must corrupt, or lose thinness', holds: ({ control }) => control },
  { title: "The spec's table, at its real sizes", holds: ({ id }) => /^(live-)?table\//.test(id) },
]
