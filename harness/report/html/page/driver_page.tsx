import type { Certificate, Counterexample } from '../../../result/certificate.ts'
import { describeExpected, describeFound } from '../../../result/describe.ts'
import { showCounterexample } from '../../../result/show_counterexample.ts'
import { advicesOf } from '../../select/advice.ts'
import { reportFolder } from '../report_folder.ts'
import { Command, Mark, Section, VerdictWord, Wide } from './parts.tsx'

/** The page of a certified driver. */
export function DriverPage({ certificate }: { certificate: Certificate }) {
  const { driver, kind, verdict, claim, claimReason, calledItself, reason, wastedSpace, seconds, machine, checks } = certificate
  return (
    <article>
      <h1>
        <VerdictWord verdict={verdict} /> <span class="id">{driver}</span>
      </h1>
      <p>
        A {kind} driver{calledItself !== undefined && ` that calls itself ${calledItself}`}. It{' '}
        <strong>{claim ? 'claims' : 'does not claim'}</strong> that its new volumes read as zeros: {claimReason}. {seconds.toFixed(1)} s on{' '}
        {machine || 'no machine'}.
      </p>
      {reason !== undefined && <p class="is-broken">{reason}</p>}
      {wastedSpace !== undefined && (
        <p class="note">
          <strong>Wasted space.</strong> {wastedSpace}
        </p>
      )}
      {certificate.counterexamples.map((counterexample, index) => (
        <CounterexampleView
          key={counterexample.file}
          certificate={certificate}
          counterexample={counterexample}
          shows={checks.filter((check) => check.counterexample === index).map(({ id }) => id)}
        />
      ))}
      <Advices certificate={certificate} />
      <Section title="The checks">
        <Wide label="The checks">
          <table>
            <thead>
              <tr>
                <th scope="col">verdict</th>
                <th scope="col">check</th>
                <th scope="col">what must hold, and what was seen</th>
                <th scope="col" class="figure">
                  s
                </th>
              </tr>
            </thead>
            <tbody>
              {checks.map((check) => (
                <tr key={check.id}>
                  <td>
                    <Mark verdict={check.verdict} />
                  </td>
                  <th scope="row">{check.id}</th>
                  <td>
                    {check.title}
                    <br />
                    <span class="quiet">{check.text}</span>
                    {check.trace !== undefined && (
                      <details>
                        <summary>where it failed</summary>
                        <pre>{check.trace}</pre>
                      </details>
                    )}
                    {check.verdict === 'refuted' && <Command text={check.repeat} />}
                  </td>
                  <td class="figure">{check.seconds.toFixed(1)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Wide>
      </Section>
      <Section title="Certify this driver again">
        <Command text={certificate.repeat} />
      </Section>
    </article>
  )
}

/** The meaning of its refuted checks, each advice once. */
function Advices({ certificate }: { certificate: Certificate }) {
  const advices = [...advicesOf({ cells: [], copies: [], certificates: [certificate] })]
  if (advices.length === 0) return null
  return (
    <Section title="What it means, and what to do">
      {advices.map(([{ means, todo }, checks]) => (
        <p key={means}>
          <strong>{checks.join(', ')}.</strong> {means} <strong>What to do:</strong> {todo}
        </p>
      ))}
    </Section>
  )
}

interface CounterexampleProps {
  readonly certificate: Certificate
  readonly counterexample: Counterexample
  readonly shows: readonly string[]
}

function CounterexampleView({ certificate, counterexample, shows }: CounterexampleProps) {
  const { what, wrongBytes, actualBytes, first, file, script } = counterexample
  return (
    <Section title="A counterexample, the smallest that was found">
      <p>
        {what}: <strong>{wrongBytes}</strong> of {actualBytes} bytes are wrong, the first at byte {first.offset}:{' '}
        {describeFound(first.found)} where {describeExpected(first.expected)}. Shown by {shows.join(', ')}.
      </p>
      <p>Without holeproof, as a plain shell script beside this report:</p>
      <Command text={showCounterexample(certificate, counterexample, reportFolder(location))} />
      <details>
        <summary>{file}</summary>
        <Wide label={file}>
          <pre>{script}</pre>
        </Wide>
      </details>
    </Section>
  )
}
