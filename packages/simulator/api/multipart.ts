/** One file out of a form (RFC 7578), read from memory: uploads here end at 20 MB. */

export interface FormFile {
  readonly fileName: string;
  readonly contentType: string;
  readonly bytes: Buffer;
}

const HEAD_END = Buffer.from('\r\n\r\n');

/** @returns `null` when the body is no such form, or has no file of that name. */
export function findFormFile(body: Buffer, contentType: string, name: string): FormFile | null {
  const [, quoted, plain] =
    /^multipart\/form-data;.*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) return null;
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const parts = split(Buffer.concat([Buffer.from('\r\n'), body]), delimiter);
  return parts.map(toFile).find((file) => file?.name === name) ?? null;
}

/** What stands between two delimiters; what follows the last one is left out. */
function split(body: Buffer, delimiter: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let from = body.indexOf(delimiter);
  while (from !== -1) {
    const start = from + delimiter.length;
    const end = body.indexOf(delimiter, start);
    if (end !== -1) parts.push(body.subarray(start, end));
    from = end;
  }
  return parts;
}

function toFile(part: Buffer): (FormFile & { readonly name: string }) | null {
  const headEnd = part.indexOf(HEAD_END);
  if (headEnd === -1) return null;
  const head = part.toString('utf8', 0, headEnd);
  const disposition = /^content-disposition:(.*)$/im.exec(head)?.[1] ?? '';
  const name = parameter(disposition, 'name');
  const fileName = parameter(disposition, 'filename');
  if (name === null || fileName === null) return null;
  const contentType = /^content-type:\s*(\S+)/im.exec(head)?.[1] ?? 'application/octet-stream';
  return { name, fileName, contentType, bytes: part.subarray(headEnd + HEAD_END.length) };
}

function parameter(disposition: string, name: string): string | null {
  const [, quoted, plain] = new RegExp(`;\\s*${name}=(?:"([^"]*)"|([^;\\s]+))`, 'i').exec(disposition) ?? [];
  return quoted ?? plain ?? null;
}
