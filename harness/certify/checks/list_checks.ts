import type { Candidate } from '../candidate/candidate.ts'
import { peerCandidates } from '../session/peers.ts'
import { claimStable, reportWellFormed } from './capability_report.ts'
import type { Check } from './check.ts'
import { deleteFrees } from './deletion.ts'
import { failingDestinations } from './failing_destinations.ts'
import { errorsAreErrors } from './impossible_requests.ts'
import { leavesNothingBehind, setsUp, speaksProtocol } from './lifecycle.ts'
import { migrations } from './migrations.ts'
import { readsZero } from './reads_zero.ts'
import { signaturesOnStorage, signaturesStayBytes } from './signatures.ts'
import { cloneIsNotNew, cloneMovesWhole, snapshotIsNotNew } from './snapshots_and_clones.ts'
import { unreadableSource } from './unreadable_source.ts'
import { attachRepeats, extendKeeps, pathsAreItsOwn, survivesCrash, survivesRestart, twoAtOnce } from './volumes.ts'

/** All checks in the order in which they run: those that need untouched storage first, those that wear it out last. */
export function listChecks(peers: readonly Candidate[] = []): Check[] {
  return [
    setsUp,
    reportWellFormed,
    ...readsZero,
    pathsAreItsOwn,
    claimStable,
    twoAtOnce,
    attachRepeats,
    extendKeeps,
    survivesRestart,
    survivesCrash,
    errorsAreErrors,
    snapshotIsNotNew,
    cloneIsNotNew,
    cloneMovesWhole,
    // They leave the storage full of old data, which the migrations then run into.
    deleteFrees,
    signaturesStayBytes,
    signaturesOnStorage,
    ...migrations(peerCandidates(peers).map(({ name }) => name)),
    ...failingDestinations,
    unreadableSource,
    speaksProtocol,
    leavesNothingBehind,
  ]
}

/**
 * Divides the checks between two installations of a driver, so that two machines can share the work. Both begin and end like every
 * installation, and the second begins with the check that leaves its storage dirty for the migrations.
 */
export function divideChecks(checks: readonly Check[]): [Check[], Check[]] {
  const cut = checks.findIndex(({ id }) => id === deleteFrees.id)
  const part = (isIn: (index: number) => boolean) => checks.filter(({ phase }, index) => phase !== undefined || isIn(index))
  return [part((index) => index < cut), part((index) => index >= cut)]
}
