/**
 * Whether a path is that of a file and not of one of the console's pages: its last part has an extension. Anybody may ask for
 * any path, and a regular expression would read a long one again from each of its dots.
 */
export function isFile(path: string): boolean {
  return path.includes('.', path.lastIndexOf('/') + 1);
}
