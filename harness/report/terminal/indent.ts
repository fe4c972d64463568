import wrapAnsi from 'wrap-ansi'

const WIDTH = 76

/** A text below a head: broken into lines that with four blanks before them fit a terminal of 80 columns. */
export function indent(text: string): string[] {
  return wrapAnsi(text, WIDTH, { hard: true })
    .split('\n')
    .map((line) => `    ${line}`)
}
