/** The folder of a page that is open, for a command line; the usual one where the page does not come from disk. */
export function reportFolder({ protocol, pathname }: { readonly protocol: string; readonly pathname: string }): string {
  if (protocol !== 'file:') return 'reports'
  return decodeURIComponent(pathname.slice(0, pathname.lastIndexOf('/'))) || '/'
}
