/** "47 s", "3.2 h", "5.0 days" */
export function duration(seconds: number): string {
  if (seconds < 120) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`
  if (seconds < 7200) return `${(seconds / 60).toFixed(0)} min`
  if (seconds < 172_800) return `${(seconds / 3600).toFixed(1)} h`
  return `${(seconds / 86_400).toFixed(1)} days`
}

/** One figure, or two bounds where they differ. */
export function bounds({ least, most }: { least: string; most: string }): string {
  return least === most ? least : `${least}-${most}`
}
