import type { CopyResult } from '../../result/copy.ts'
import { mapOfCopy } from '../lanes.ts'
import { BlockMapView } from './block_map.tsx'
import { Findings } from './cell_page.tsx'
import { HexView } from './hex_view.tsx'
import { Command, Section, VerdictWord, Wide } from './parts.tsx'

/** All that is known of one copy that was predicted. */
export function CopyPage({ copyCase: result }: { copyCase: CopyResult }) {
  const { id, verdict, description, permitted, wrongBytes, predictedWrongBytes, staleBytesPastEnd = 0, reason, seen, smallest } = result
  return (
    <article>
      <h1>
        <VerdictWord verdict={verdict} /> <span class="id">{id}</span>
      </h1>
      <p>
        {description}. The rule {permitted ? 'permits' : 'does not permit'} this copy.
      </p>
      {reason !== undefined && <p class="is-broken">{reason}</p>}
      <p>
        {wrongBytes === undefined ? 'Nothing was measured' : <strong>{wrongBytes} bytes are wrong</strong>}; {predictedWrongBytes} were
        predicted.
        {staleBytesPastEnd > 0 && ` Behind the volume's end ${staleBytesPastEnd} old bytes can be read.`}
      </p>
      <Findings findings={result.findings} />
      <Section title="Where every byte comes from">
        <BlockMapView map={mapOfCopy(result)} firstWrong={seen?.firstWrongPage?.offset} />
        {seen === undefined && <p class="quiet">What the destination holds is kept of copies that are corrupt or refuted.</p>}
      </Section>
      {seen?.firstWrongPage !== undefined && (
        <Section title="The first wrong 4 KiB">
          <HexView page={seen.firstWrongPage} />
        </Section>
      )}
      {smallest !== undefined && (
        <Section title="The smallest that shows the same">
          <p>{smallest.description}</p>
          <p>{smallest.text}</p>
        </Section>
      )}
      <Section title="Run this copy again">
        <Command text={result.repeat} />
      </Section>
      <details>
        <summary>The copy and all that it depends on</summary>
        <Wide label="The copy and all that it depends on">
          <pre>{JSON.stringify(result.copyCase, null, 1)}</pre>
        </Wide>
      </details>
    </article>
  )
}
