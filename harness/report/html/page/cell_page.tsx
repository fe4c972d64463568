import type { CellResult } from '../../../result/cell.ts'
import { describeFound, describeMirrorOptions, quoted } from '../../../result/describe.ts'
import type { Evidence } from '../../../result/evidence.ts'
import type { Finding } from '../../../result/finding.ts'
import { lvmSize, plural } from '../../../units.ts'
import { adviceOn } from '../../select/advice.ts'
import { lvsTable } from '../../select/lvs_table.ts'
import { mapOfCell } from '../../select/map_rows.ts'
import { NOTES, transportOf } from '../../select/words.ts'
import { BlockMapView } from './block_map_view.tsx'
import { HexView } from './hex_view.tsx'
import { Command, Mark, Section, VerdictWord, Wide } from './parts.tsx'

/** All that is known of one cell. */
export function CellPage({ cell }: { cell: CellResult }) {
  const { id, verdict, method, source, destination, layout, sizeBytes, writer, seconds, machine, control, reason, evidence, notes } = cell
  const map = mapOfCell(cell)
  const wrongPage = evidence?.verification?.firstWrongPage
  const differences = evidence?.verification?.differences ?? []
  return (
    <article>
      <h1>
        <VerdictWord verdict={verdict} /> <span class="id">{id}</span>
      </h1>
      <p>
        {control && <strong>A control, run against the rule on purpose. </strong>}
        {lvmSize(sizeBytes)} of layout {layout}, from {source} to {destination},{' '}
        {method === 'live' ? `in use while an instance writes (${writer})` : `${method}-assisted`}, asked over {transportOf(cell)};{' '}
        {seconds.toFixed(1)} s on {machine || 'no machine'}.
      </p>
      {reason !== undefined && <p class="is-broken">{reason}</p>}
      <Findings findings={cell.findings} />
      {notes.map(({ kind, text }) => (
        <p class="note" key={kind}>
          <strong>{NOTES[kind]}.</strong> {text}
        </p>
      ))}
      {map.rows.length > 0 && (
        <Section title="Where every byte comes from">
          <BlockMapView map={map} firstWrong={wrongPage?.offset ?? differences[0]?.offset} />
        </Section>
      )}
      {wrongPage !== undefined && (
        <Section title="The first wrong 4 KiB">
          <HexView page={wrongPage} />
        </Section>
      )}
      {evidence?.verification !== undefined && <Differences {...evidence.verification} />}
      {evidence !== undefined && (
        <>
          <Section title="The decision">
            <Decision evidence={evidence} over={transportOf(cell)} />
          </Section>
          <Section title="Predicted and measured">
            <Measured cell={cell} evidence={evidence} />
          </Section>
          <Section title="Data% before and after">
            <DataPercents cell={cell} evidence={evidence} />
          </Section>
        </>
      )}
      <Section title="Run this cell again">
        <Command text={cell.repeat} />
      </Section>
      <Commands commands={cell.commands} />
    </article>
  )
}

export function Findings({ findings }: { findings: readonly Finding[] }) {
  const sorted = [...findings.filter(({ ok }) => !ok), ...findings.filter(({ ok }) => ok)]
  return (
    <ul class="findings">
      {sorted.map(({ check, ok, text }) => (
        <li key={check}>
          <Mark verdict={ok ? 'upheld' : 'refuted'} /> <strong>{check}</strong> {text}
          {!ok && <AdviceOn check={check} />}
        </li>
      ))}
    </ul>
  )
}

/** The meaning of a failed check, and the advice on it. */
function AdviceOn({ check }: { check: string }) {
  const advice = adviceOn(check)
  return advice === undefined ? null : (
    <p class="advice">
      {advice.means} <strong>What to do:</strong> {advice.todo}
    </p>
  )
}

function Differences({ differences, moreDifferences, wrongBytes }: NonNullable<Evidence['verification']>) {
  if (differences.length === 0) return null
  return (
    <details>
      <summary>
        {plural(differences.length + moreDifferences, 'range')} with wrong bytes, {wrongBytes} bytes in all
      </summary>
      <Wide label="Ranges with wrong bytes">
        <table>
          <thead>
            <tr>
              <th scope="col" class="figure">
                from byte
              </th>
              <th scope="col" class="figure">
                bytes
              </th>
              <th scope="col" class="figure">
                wrong
              </th>
              <th scope="col">should be</th>
              <th scope="col">found</th>
            </tr>
          </thead>
          <tbody>
            {differences.map(({ offset, length, wrong, expected, found }) => (
              <tr key={offset}>
                <td class="figure">{offset}</td>
                <td class="figure">{length}</td>
                <td class="figure">{wrong}</td>
                <td>{expected}</td>
                <td>{describeFound(found)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
      {moreDifferences > 0 && <p>{plural(moreDifferences, 'more range is', 'more ranges are')} not kept.</p>}
    </details>
  )
}

function Decision({ evidence: { decision, answer, mirror, movedBy, states, outcome, why }, over }: { evidence: Evidence; over: string }) {
  return (
    <>
      <p>
        {decision === undefined ? (
          'Nothing was decided.'
        ) : (
          <>
            A <strong>{decision.mode}</strong> copy, decided by <strong>{decision.decidedBy}</strong>: {decision.reason}.
          </>
        )}
      </p>
      {mirror !== undefined && (
        <p>
          {mirror.libvirt === undefined ? '' : `Under libvirt ${mirror.libvirt}, `}QEMU {mirror.qemu} mirrored it{' '}
          {describeMirrorOptions(mirror.options)}; {plural(mirror.acknowledgedWrites, 'write was', 'writes were')} acknowledged
          {mirror.lost === undefined ? '' : `, until the instance lost its volume: ${mirror.lost}`}.
        </p>
      )}
      {answer?.kind === 'answered' && (
        <>
          <p>The capability report that the destination answered over {over}:</p>
          <Wide label="The capability report">
            <pre>{JSON.stringify(answer.report, null, 2)}</pre>
          </Wide>
        </>
      )}
      {answer?.kind === 'unanswered' && (
        <p>
          There was no capability report over {over}: {answer.why}.
        </p>
      )}
      <p>
        {outcome === 'migrated' ? (movedBy === undefined ? 'Nothing was moved' : `Moved by the ${movedBy}`) : `The migration ${outcome}`}
        {states.length > 0 && `: ${states.join(' → ')}`}.{why !== undefined && ` ${why}`}
      </p>
    </>
  )
}

function Measured({
  cell: { prediction, sizeBytes },
  evidence: { before, after, verification, moved },
}: {
  cell: CellResult
  evidence: Evidence
}) {
  const rows = [
    ['wrong bytes', prediction?.wrongBytes, verification?.wrongBytes],
    ['bytes checked', sizeBytes, verification?.checkedBytes],
    ['source mapped', prediction?.sourceMappedBytes, before.mappedBytes],
    ['destination mapped', prediction?.destinationMappedBytes, after?.mappedBytes],
    ["destination's pool in use", prediction?.poolUsedBytes, after?.pool?.usedBytes],
    ['read from the source', prediction?.readBytes, moved?.readBytes],
    ['written to the destination', prediction?.writtenBytes, moved?.writtenBytes],
    ["Data% of the destination's pool", prediction?.dataPercent?.pool, after?.pool?.dataPercent],
    ['Data% of the destination', prediction?.dataPercent?.volume, prediction?.dataPercent && after?.dataPercent],
  ] as const
  return (
    <Wide label="Predicted and measured">
      <table>
        <thead>
          <tr>
            <th scope="col">what</th>
            <th scope="col" class="figure">
              predicted
            </th>
            <th scope="col" class="figure">
              measured
            </th>
            <th scope="col">compared</th>
          </tr>
        </thead>
        <tbody>
          {rows
            .filter(([, predicted, measured]) => predicted !== undefined || measured !== undefined)
            .map(([what, predicted, measured]) => (
              <tr key={what}>
                <th scope="row">{what}</th>
                <td class="figure">{amount(predicted)}</td>
                <td class="figure">{amount(measured)}</td>
                <td>{sameness(predicted, measured)}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </Wide>
  )
}

/** A file's filesystem and page cache take more or less than the model's least: no fault, the findings say what is one. */
function sameness(predicted: number | string | undefined, measured: number | string | undefined): string {
  if (predicted === undefined || measured === undefined) return ''
  return predicted === measured ? 'as predicted' : 'differs'
}

function amount(value: number | string | undefined): string {
  if (typeof value === 'string') return value
  if (value === undefined) return '–'
  return value < 1024 ? `${value}` : `${value} (${lvmSize(value)})`
}

function DataPercents({
  cell: { prediction },
  evidence: { before, after, rowsBefore, rowsAfter },
}: {
  cell: CellResult
  evidence: Evidence
}) {
  const bars = [
    { what: 'source, before', percent: before.dataPercent },
    { what: 'destination, after', percent: after?.dataPercent, predicted: prediction?.dataPercent?.volume },
    { what: "source's pool, before", percent: before.pool?.dataPercent },
    { what: "destination's pool, after", percent: after?.pool?.dataPercent, predicted: prediction?.dataPercent?.pool },
  ]
  const ofSource = (row: Evidence['rowsBefore'][number]) => row.vg_name.includes('source')
  const texts = [
    { when: 'Before', rows: rowsBefore },
    { when: 'After', rows: rowsAfter },
  ].filter(({ rows }) => rows.length > 0)
  return (
    <>
      <dl class="bars">
        {bars
          .filter(({ percent }) => percent !== undefined)
          .map(({ what, percent = '', predicted }) => (
            <div key={what}>
              <dt>{what}</dt>
              <dd>
                {percent === '' ? (
                  <span class="quiet">thick: all of it is allocated</span>
                ) : (
                  <>
                    <span class="bar" aria-hidden="true">
                      <span style={{ width: `${Math.min(100, Number(percent))}%` }} />
                      {predicted !== undefined && <i style={{ left: `${Math.min(100, Number(predicted))}%` }} />}
                    </span>
                    <span class="figure">{percent}</span>
                    {predicted !== undefined && <span class="quiet"> predicted {predicted}</span>}
                  </>
                )}
              </dd>
            </div>
          ))}
      </dl>
      {texts.map(({ when, rows }) => (
        <Wide label={`lvs ${when.toLowerCase()}`} key={when}>
          <pre>
            {[`${when} the migration`, ...lvsTable([...rows.filter(ofSource), ...rows.filter((row) => !ofSource(row))])].join('\n')}
          </pre>
        </Wide>
      ))}
    </>
  )
}

function Commands({ commands }: Pick<CellResult, 'commands'>) {
  if (commands.length === 0) return null
  return (
    <Section title="Every command, with its output">
      <ol class="commands">
        {commands.map(({ argv, ending, seconds, output }, index) => (
          <li key={index}>
            <details>
              <summary>
                <code>{argv.map(quoted).join(' ')}</code>{' '}
                <span class="quiet">
                  {ending}, {seconds.toFixed(2)} s
                </span>
              </summary>
              <pre>{output === '' ? '(no output)' : output}</pre>
            </details>
          </li>
        ))}
      </ol>
    </Section>
  )
}
