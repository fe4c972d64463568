import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { CheckResult } from '../../../result/certificate.ts'
import { MARKS } from '../../select/words.ts'
import { type Entry, hashOf } from '../pages.ts'

type AnyVerdict = CheckResult['verdict']

const WORDS: Readonly<Record<AnyVerdict, string>> = {
  upheld: 'upheld',
  refuted: 'refuted',
  'not-shown': 'not shown',
  broken: 'broken lab',
  'not-offered': 'not offered',
}

/** A verdict as its sign, in a colour of its own; its word is read aloud. */
export function Mark({ verdict }: { verdict: AnyVerdict }) {
  return (
    <span class={`mark is-${verdict}`} role="img" aria-label={WORDS[verdict]}>
      {MARKS[verdict]}
    </span>
  )
}

export function VerdictWord({ verdict }: { verdict: AnyVerdict }) {
  return (
    <span class={`verdict is-${verdict}`}>
      <span aria-hidden="true">{MARKS[verdict]}</span> {WORDS[verdict]}
    </span>
  )
}

export function EntryLink({ entry, children }: { entry: Pick<Entry, 'kind' | 'id'>; children: ComponentChildren }) {
  return <a href={hashOf(entry)}>{children}</a>
}

/** A section of a page with its heading; nothing where it holds nothing. */
export function Section({ title, children, id }: { title: string; children: ComponentChildren; id?: string }) {
  return (
    <section {...(id !== undefined && { id })}>
      <h2>{title}</h2>
      {children}
    </section>
  )
}

/** A command that is there to be copied. */
export function Command({ text }: { text: string }) {
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    await copyText(text)
    setCopied(true)
    setTimeout(() => setCopied(false), 1500)
  }
  return (
    <div class="command">
      <code>{text}</code>
      <button type="button" onClick={copy}>
        {copied ? 'copied ✓' : 'copy'}
      </button>
    </div>
  )
}

/** A page opened from disk may have no clipboard. */
async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    const area = document.createElement('textarea')
    area.value = text
    document.body.append(area)
    area.select()
    document.execCommand('copy')
    area.remove()
  }
}

/** A box that scrolls sideways, with the keyboard too. */
export function Wide({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached without a mouse
    <section class="wide" aria-label={label} tabIndex={0}>
      {children}
    </section>
  )
}
