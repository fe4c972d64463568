import { type BrokenModel, brokenModels, type Model } from '../explore/broken_models.ts'
import { runOrThrow } from '../machine/machine.ts'
import { type RuleParts, soundParts } from '../migration/parts.ts'
import { decideCopyMode, type Rule } from '../migration/rule.ts'
import { dd } from '../movers/dd.ts'
import type { MirrorFault } from '../movers/mirror/disk.ts'
import { capabilityReportSchema, SHIPPED_KEY, WELL_DEFINED_PROPERTY } from '../protocol/capabilities.ts'
import { isRecord } from '../protocol/rest/capabilities_body.ts'
import { type RestClientParts, soundRestClient } from '../protocol/rest/client.ts'
import type { CopyMode } from '../result/copy_mode.ts'

/** The parts of a run. */
export interface VerifyParts extends RuleParts {
  /** Predicts the run; default the sound model. */
  readonly model?: Model
  /** How the mirror of a volume in use is broken. */
  readonly mirrorFault?: MirrorFault
  /** The parts of the REST client that are not the sound ones. */
  readonly restClient?: Partial<RestClientParts>
}

const always =
  (mode: CopyMode): Rule =>
  () => ({ mode, decidedBy: mode === 'sparse' ? 'claimed-true' : 'claimed-false', reason: `this rule always says ${mode}` })

/** Copies the blocks that are not zero one after the other, without seeking over the others. */
const SKIP_WITHOUT_SEEKING = `
open(my $from, '<:raw', $ARGV[0]) or die; open(my $to, '+<:raw', $ARGV[1]) or die;
my $left = $ARGV[2];
while ($left > 0) {
  my $got = sysread($from, my $block, $left < 1048576 ? $left : 1048576) or die;
  $left -= $got;
  syswrite($to, $block) if $block =~ /[^\\0]/;
}
close($to) or die;`

/** A REST client that makes something else of a sound report. */
function reading(claimIn: (report: Readonly<Record<string, unknown>>) => unknown): Partial<RestClientParts> {
  return {
    readReport: (text, host) => {
      const report = soundRestClient.readReport(text, host)
      return isRecord(report) ? { ...report, [SHIPPED_KEY]: claimIn(report) } : report
    },
  }
}

/** The host that a report is about, whichever was asked. */
function hostIn(text: string): string {
  const { namespace }: { namespace: string } = JSON.parse(text)
  return namespace.split('::').at(-1) ?? ''
}

/** A REST client that takes the property for a claim, though it describes the same to everybody. */
const defaultAsClaim = reading(({ properties }) => {
  const property = isRecord(properties) ? properties[WELL_DEFINED_PROPERTY] : undefined
  return isRecord(property) && property.default === true
})

/**
 * The ways to break the rule that `scripts/verify --break` shows: each must turn the run red, or the harness proves nothing.
 */
export const brokenRules = {
  'always-sparse': { ...soundParts, rule: always('sparse') },
  'never-sparse': { ...soundParts, rule: always('full') },
  'source-claim': { ...soundParts, ask: ({ source }) => source.getCapabilities() },
  'truthy-claim': {
    ...soundParts,
    rule: (answer, destination) => {
      const report = capabilityReportSchema.safeParse(answer.kind === 'answered' ? answer.report : undefined)
      if (!report.success || !report.data[SHIPPED_KEY]) return decideCopyMode(answer, destination)
      return decideCopyMode({ kind: 'answered', report: { [SHIPPED_KEY]: true } }, destination)
    },
  },
  'claim-alone': { ...soundParts, rule: (answer, { history, layers }) => decideCopyMode(answer, { history, layers }) },
  'skip-without-seek': {
    mover: async (lab, order) => {
      if (order.mode === 'full') return dd(lab, order)
      await runOrThrow(lab, ['perl', '-e', SKIP_WITHOUT_SEEKING, order.from, order.to, String(order.bytes)])
    },
  },
  'mebi-for-gibi': { mover: (lab, order) => dd(lab, { ...order, bytes: order.bytes / 1024 }) },
  'mirror-forgets-writes': { ...soundParts, mirrorFault: 'forgets-writes' },
  'pivot-before-ready': { ...soundParts, mirrorFault: 'pivots-early' },
  'rest-redirect-followed': { ...soundParts, restClient: { redirect: 'follow' } },
  'rest-status-ignored': { ...soundParts, restClient: { checkHead: () => {} } },
  'rest-any-host': { ...soundParts, restClient: { readReport: (text) => soundRestClient.readReport(text, hostIn(text)) } },
  'rest-text-searched': {
    ...soundParts,
    restClient: { readReport: (text) => ({ [SHIPPED_KEY]: text.includes(`"${SHIPPED_KEY}":true`) }) },
  },
  'rest-truthy-claim': { ...soundParts, restClient: reading((report) => Boolean(report[SHIPPED_KEY])) },
  'rest-default-as-claim': { ...soundParts, restClient: defaultAsClaim },
  'rest-without-limits': { ...soundParts, restClient: { seconds: 30, mostBytes: Number.MAX_SAFE_INTEGER } },
  'rest-failure-as-true': { ...soundParts, restClient: { onFailure: () => ({ kind: 'answered', report: { [SHIPPED_KEY]: true } }) } },
} satisfies Record<string, VerifyParts>

export type BrokenRule = keyof typeof brokenRules
export const brokenRuleNames = Object.keys(brokenRules) as BrokenRule[]

/** The parts of a run in which something is broken on purpose: the rule, or the model. */
export function brokenParts(broken: BrokenRule | BrokenModel): VerifyParts {
  return isBrokenRule(broken) ? brokenRules[broken] : { ...soundParts, model: brokenModels[broken] }
}

function isBrokenRule(broken: BrokenRule | BrokenModel): broken is BrokenRule {
  return Object.hasOwn(brokenRules, broken)
}
