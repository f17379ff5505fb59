/** Reads HTTP answers off the bytes of a connection. Strict: what is not one stays over. */
export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface ReadAnswers {
  readonly answers: readonly Answer[];
  /** Where the first byte is that belongs to no answer. */
  readonly end: number;
}

interface Part {
  readonly body: Buffer;
  readonly end: number;
}

const HEAD_END = '\r\n\r\n';

/** @param isOver nothing more will come, so that an answer without a length ends here. */
export function readAnswers(
  bytes: Buffer,
  { isHead, isOver }: { isHead: boolean; isOver: boolean },
): ReadAnswers {
  const answers: Answer[] = [];
  let end = 0;
  for (;;) {
    const headEnd = bytes.indexOf(HEAD_END, end);
    if (headEnd === -1) return { answers, end };
    const [first = '', ...lines] = bytes.subarray(end, headEnd).toString('latin1').split('\r\n');
    const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(`${first} `) ?? [];
    if (status === undefined) return { answers, end };
    const headers = Object.fromEntries(lines.map(toHeader));
    const part = readBody(
      bytes,
      headEnd + HEAD_END.length,
      headers,
      hasNoBody(Number(status)) || (isHead && !isOfNoRequest(status, headers)),
      isOver,
    );
    if (part === null) return { answers, end };
    end = part.end;
    // An interim answer is none (RFC 9110, 15.2).
    if (!status.startsWith('1')) answers.push({ status: Number(status), headers, body: part.body });
  }
}

function toHeader(line: string): [string, string] {
  const colonAt = line.indexOf(':');
  return [line.slice(0, colonAt).toLowerCase(), line.slice(colonAt + 1).trim()];
}

/** What is no HTTP has no method either, so that its answer has a body. */
function isOfNoRequest(status: string, { connection }: Answer['headers']): boolean {
  return status === '400' && connection === 'close';
}

function hasNoBody(status: number): boolean {
  return status < 200 || status === 204 || status === 304;
}

/** @returns `null` where it has not all come yet. */
function readBody(
  bytes: Buffer,
  start: number,
  headers: Readonly<Record<string, string>>,
  isNone: boolean,
  isOver: boolean,
): Part | null {
  if (isNone) return { body: Buffer.alloc(0), end: start };
  if (headers['transfer-encoding'] === 'chunked') return readChunks(bytes, start);
  const { 'content-length': length } = headers;
  if (length === undefined) return isOver ? { body: bytes.subarray(start), end: bytes.length } : null;
  const end = start + Number(length);
  return end <= bytes.length ? { body: bytes.subarray(start, end), end } : null;
}

function readChunks(bytes: Buffer, start: number): Part | null {
  const chunks: Buffer[] = [];
  for (let at = start; ;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd === -1) return null;
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16);
    const end = lineEnd + 2 + size;
    if (!(end + 2 <= bytes.length)) return null;
    if (size === 0) return { body: Buffer.concat(chunks), end: end + 2 };
    chunks.push(bytes.subarray(lineEnd + 2, end));
    at = end + 2;
  }
}
