/** Both inclusive. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** The head of an answer that gives a file or a part of it. */
export interface RangedHead {
  readonly status: 200 | 206 | 416;
  readonly headers: Readonly<Record<string, string | number>>;
  /** What to send; `null` when the file has no such bytes. */
  readonly range: ByteRange | null;
}

/** How a file is answered to `Range`, as WeCom's media/get does (90254). */
export function rangedHead(header: string | undefined, sizeBytes: number): RangedHead {
  const asked = rangeOf(header, sizeBytes);
  if (asked && asked.first > asked.last) {
    return {
      status: 416,
      headers: { 'Content-Range': `bytes */${sizeBytes}`, 'Content-Length': 0 },
      range: null,
    };
  }
  const range = asked ?? { first: 0, last: sizeBytes - 1 };
  const headers = {
    'Accept-Ranges': 'bytes',
    'Content-Length': range.last - range.first + 1,
    ...(asked && { 'Content-Range': `bytes ${range.first}-${range.last}/${sizeBytes}` }),
  };
  return { status: asked ? 206 : 200, headers, range };
}

/** @returns a range whose end is before its beginning when the file has no such bytes; `null` without a range. */
function rangeOf(header: string | undefined, sizeBytes: number): ByteRange | null {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return null;
  if (first === '') return { first: Math.max(0, sizeBytes - Number(last)), last: sizeBytes - 1 };
  return { first: Number(first), last: Math.min(last === '' ? Infinity : Number(last), sizeBytes - 1) };
}
