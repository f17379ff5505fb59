/**
 * The same URI with another database. Options stay, and so does the database that credentials are checked
 * against: without `authSource` it is the one in the path.
 */
export function withDatabase(uri: string, name: string): string {
  const parts = /^(?<server>mongodb(?:\+srv)?:\/\/[^/?]+)(?:\/(?<database>[^?]*))?(?:\?(?<query>.*))?$/.exec(
    uri,
  );
  if (!parts?.groups) throw new Error('Not a MongoDB URI.');
  const { server = '', database, query } = parts.groups;
  const options = new URLSearchParams(query);
  if (database && server.includes('@') && !options.has('authSource')) options.set('authSource', database);
  return `${server}/${name}${options.size > 0 ? `?${options}` : ''}`;
}
