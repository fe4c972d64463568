import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Lab } from '../../lab/lab.ts'
import { DriverFault } from '../candidate/installed.ts'
import { type Experiment, firstStale, keyOf, type Reading, runExperiment, simplerThan } from '../checks/experiment.ts'
import type { Trial } from '../checks/trial.ts'
import type { Recording } from './script.ts'

/** An experiment that corrupts on storage of its own, and all that was done for it. */
export interface Shown {
  readonly experiment: Experiment
  readonly stale: Reading
  readonly recording: Recording
}

/** Runs experiments on fresh storage of their own, each once, and looks for the smallest that corrupts. */
export class SmallestSearch {
  private readonly known = new Map<string, Shown | undefined>()
  private readonly openLab: () => Promise<Lab>
  private readonly openTrial: (lab: Lab) => Promise<Trial>
  private readonly until: number
  /** What could not be released. */
  readonly leaks: string[] = []

  /** `openTrial` sets the driver up in a lab that is released afterwards. No experiment is begun `seconds` from now. */
  constructor(openLab: () => Promise<Lab>, openTrial: (lab: Lab) => Promise<Trial>, seconds: number) {
    this.openLab = openLab
    this.openTrial = openTrial
    this.until = Date.now() + seconds * 1000
  }

  /** The smallest experiment no larger than this that corrupts; undefined when none does on fresh storage. */
  async find(experiment: Experiment, least: { readonly stepBytes: number; readonly volumeBytes: number }): Promise<Shown | undefined> {
    for (const candidate of [...simplerThan(experiment, least), experiment]) {
      const shown = await this.show(candidate)
      if (shown !== undefined) return shown
    }
    return undefined
  }

  private async show(experiment: Experiment): Promise<Shown | undefined> {
    const key = keyOf(experiment)
    if (this.known.has(key)) return this.known.get(key)
    if (Date.now() > this.until) return undefined
    const lab = await this.openLab()
    try {
      const shown = await run(lab, await this.openTrial(lab), experiment)
      this.known.set(key, shown)
      return shown
    } catch (error) {
      if (error instanceof DriverFault) return undefined // it fails otherwise than by stale bytes
      throw error
    } finally {
      this.leaks.push(...(await lab.release()))
    }
  }
}

async function run(lab: Lab, trial: Trial, experiment: Experiment): Promise<Shown | undefined> {
  const setup = [...lab.commands]
  const images = await imagesIn(lab.folder)
  const stale = firstStale(await runExperiment(trial, experiment))
  if (stale === undefined) return undefined
  const { setup: asked } = trial.driver.installation
  return {
    experiment,
    stale,
    recording: { folder: lab.folder, prefix: lab.prefix, images, setup, acts: trial.acts, volume: stale.name, ...(asked && { asked }) },
  }
}

/** The images of a lab, by their paths, with their sizes in bytes. */
async function imagesIn(folder: string): Promise<Map<string, number>> {
  const images = new Map<string, number>()
  for (const name of await readdir(folder, { recursive: true })) {
    if (name.endsWith('.img')) images.set(join(folder, name), (await stat(join(folder, name))).size)
  }
  return images
}
