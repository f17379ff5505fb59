/**
 * The path of a request as the router takes it: of a URL in either form (RFC 9112, 3.2.2), without query,
 * duplicate slashes counting as one, percent-encoding taken off where it can be.
 */
export function toRequestPath(url: string): string {
  const [path = ''] = url.replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/, 1);
  const plain = path.replace(/\/{2,}/g, '/');
  try {
    return decodeURI(plain);
  } catch {
    return plain;
  }
}
