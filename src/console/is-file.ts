/**
 * Whether a path is that of a file and not of one of the console's pages: its last part has an extension. Anybody may ask, and a regular
 * expression would look through all of a long path from each of its dots.
 */
export function isFile(path: string): boolean {
  return path.includes('.', path.lastIndexOf('/') + 1);
}
