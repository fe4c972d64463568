import { type BrokenModel, brokenModels, type Model } from '../explore/broken_models.ts'
import { runOrThrow } from '../machine/machine.ts'
import { type RuleParts, soundParts } from '../migration/parts.ts'
import { decideCopyMode, type Rule } from '../migration/rule.ts'
import { dd } from '../movers/dd.ts'
import { capabilityReportSchema, SHIPPED_KEY } from '../protocol/capabilities.ts'
import type { CopyMode } from '../result/copy_mode.ts'

/** The parts of a run, with what predicts it; default the sound model. */
export interface VerifyParts extends RuleParts {
  readonly model?: Model
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
} satisfies Record<string, RuleParts>

export type BrokenRule = keyof typeof brokenRules
export const brokenRuleNames = Object.keys(brokenRules) as BrokenRule[]

/** The parts of a run in which something is broken on purpose: the rule, or the model. */
export function brokenParts(broken: BrokenRule | BrokenModel): VerifyParts {
  return isBrokenRule(broken) ? brokenRules[broken] : { ...soundParts, model: brokenModels[broken] }
}

function isBrokenRule(broken: BrokenRule | BrokenModel): broken is BrokenRule {
  return Object.hasOwn(brokenRules, broken)
}
