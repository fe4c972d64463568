import type { Content } from '../../content/content.ts'
import { contentOf } from '../../content/layouts.ts'
import { describeDifference } from '../../result/describe.ts'
import type { DriverSession, DriverVolume } from '../session/driver_session.ts'
import { type CheckOutcome, wrongBytesOf } from './check.ts'

export function mixed(session: DriverSession, { sizeBytes }: DriverVolume): Content {
  return contentOf('mixed', sizeBytes, session.lab.tag(), session.lab.seed)
}

/** Returns a refutation when a volume does not hold a content. Bytes past the end of the content are not compared. */
export async function wrongIn(volume: DriverVolume, content: Content): Promise<CheckOutcome | undefined> {
  const wrong = wrongBytesOf({ verification: await volume.verify(content) })
  if (wrong === undefined) return undefined
  const text = `${volume.name}: ${wrong.count} of ${content.sizeBytes} bytes are wrong, first ${describeDifference(wrong.first)}`
  return { verdict: 'refuted', text, wrong }
}
