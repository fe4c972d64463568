import { BrokenLab } from '../../errors.ts'
import { KeptStorage } from '../../lab/kept_storage.ts'
import type { Lab } from '../../lab/lab.ts'

/**
 * Folders of local_folder.ts, by their paths, that labs borrow one after the other. A lab gets a folder without a file, whose filesystem
 * had poison in every free block when the last lab gave it back.
 */
export class KeptFolders extends KeptStorage<string> {
  protected describe(folder: string): string {
    return `the folder ${folder}`
  }

  protected async renew(lab: Lab, folder: string): Promise<void> {
    await lab.helper.repoisonFolder(folder, lab.tag())
  }

  protected async demandNew(lab: Lab, folder: string): Promise<void> {
    const names = await lab.helper.namesIn(folder)
    if (names.length > 0) throw new BrokenLab(`${folder} is not as new: it holds ${names.join(', ')}`)
  }

  protected lend(_lab: Lab, folder: string): string {
    return folder
  }
}
