/** The forms in which a secret may be in what was written or sent. */

/** Whole, encoded for a URL, for JSON or HTML, in hexadecimal, in base64, and as the bytes that it is base64 of. */
export function formsOf(secret: string): Buffer[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString('hex');
  const percent = hex.replace(/../g, '%$&');
  const texts = [
    secret,
    encodeURIComponent(secret),
    encodeURIComponent(secret).toLowerCase(),
    new URLSearchParams([['', secret]]).toString().slice(1),
    JSON.stringify(secret).slice(1, -1),
    secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;'),
    hex,
    hex.toUpperCase(),
    percent,
    percent.toUpperCase(),
    ...inBase64(bytes),
  ];
  return [...new Set(texts)].map((text) => Buffer.from(text)).concat(Buffer.from(secret, 'base64'));
}

/** From any of its first three bytes on: what stands before it shifts the letters. */
function inBase64(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((from) =>
    (['base64', 'base64url'] as const).map((encoding) => {
      const part = bytes.subarray(from);
      return part.subarray(0, part.length - (part.length % 3)).toString(encoding);
    }),
  );
}

/** Those of the secrets that are in it in any form. */
export function findIn(haystack: string | Buffer, secrets: readonly string[]): string[] {
  const bytes = Buffer.from(haystack);
  return secrets.filter((secret) => formsOf(secret).some((form) => bytes.includes(form)));
}
