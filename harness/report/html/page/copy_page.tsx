import type { CopyResult } from '../../../result/copy.ts'
import { noun, plural } from '../../../units.ts'
import { mapOfCopy } from '../../select/map_rows.ts'
import { BlockMapView } from './block_map_view.tsx'
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
        {wrongBytes === undefined ? 'Nothing was measured' : <strong>{plural(wrongBytes, 'byte is', 'bytes are')} wrong</strong>};{' '}
        {predictedWrongBytes} {noun(predictedWrongBytes, 'was', 'were')}
        predicted.
        {staleBytesPastEnd > 0 && ` ${plural(staleBytesPastEnd, 'stale byte')} can be read past the end of the volume.`}
      </p>
      <Findings findings={result.findings} />
      <Section title="Where every byte comes from">
        <BlockMapView map={mapOfCopy(result)} firstWrong={seen?.firstWrongPage?.offset} />
        {seen === undefined && <p class="quiet">The bytes of the destination are kept only for copies that are corrupt or refuted.</p>}
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
