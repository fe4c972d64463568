/** Replaces each path inside a run's folder by the file's name, as the folder is gone when the text is read. */
export function withoutRunFolders(text: string): string {
  return text.replace(/\/(?:(?!->)[^\s'"`,;:=()<>|&])+/g, (path) => (/\/holeproof_[0-9a-f]{8}\//.test(path) ? lastOf(path) : path))
}

function lastOf(path: string): string {
  return path.replace(/\/+$/, '').replace(/^.*\//, '')
}
