/** The beginning of a text that is too long, and how much is left out. */
export function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)} ... (${text.length - most} more characters)`
}
