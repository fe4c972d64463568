import type { Lab } from '../lab/lab.ts'
import { dd } from '../movers/dd.ts'
import type { Mover } from '../movers/mover.ts'
import type { MigrationParts } from './migrate.ts'
import type { Rule } from './rule.ts'

/** What a migration is made of, as far as it can be broken. */
export interface RuleParts {
  readonly mover: Mover
  readonly rule?: Rule
  readonly ask?: MigrationParts['ask']
}

/** The rule and the mover as they should be. */
export const soundParts: RuleParts = { mover: dd }

/** A migration in a lab, with these parts. */
export function migrationParts(lab: Lab, { mover, rule, ask }: RuleParts): MigrationParts {
  return {
    copy: (from, to, bytes, mode) => mover(lab, { from, to, bytes, mode }),
    sizeOf: async (path) => (await lab.helper.measure(path)).sizeBytes,
    ...(rule !== undefined && { rule }),
    ...(ask !== undefined && { ask }),
  }
}
