/** The longest text of `kf/send_msg`, bytes in UTF-8 (developer.work.weixin.qq.com/document/path/94677). */
export const PART_BYTES_MAX = 2_048;
const CUT_OFF = '…';
const ENCODER = new TextEncoder();
const CHARACTERS = new Intl.Segmenter();

/** Where a text is cut, best first: after a paragraph, a line, a sentence, a clause, a word. */
const ENDS = [/\n\n/g, /\n/g, /[。！？!?；;…]["'”’）)]*|\.(?=\s)/g, /[，、,：:]/g, /\s/g];

/**
 * Cuts a text into parts that WeCom sends. The last one ends in `…` if there is more than `countMax` parts have room for.
 * @returns no empty part, and none for an empty text.
 */
export function cutInParts(text: string, countMax: number): readonly string[] {
  const parts: string[] = [];
  let rest = text.trim();
  while (rest !== '' && parts.length < countMax) {
    const isLast = parts.length === countMax - 1;
    if (Buffer.byteLength(rest) <= PART_BYTES_MAX) return [...parts, rest];
    const room = isLast ? PART_BYTES_MAX - Buffer.byteLength(CUT_OFF) : PART_BYTES_MAX;
    const head = rest.slice(0, endIn(rest, room));
    parts.push(isLast ? head.trimEnd() + CUT_OFF : head.trimEnd());
    rest = rest.slice(head.length).trimStart();
  }
  return parts;
}

/** How many characters of the text go into so many bytes, cut where a reader would. */
function endIn(text: string, bytesMax: number): number {
  const whole = lengthIn(text, bytesMax);
  const fitting = text.slice(0, whole);
  for (const end of ENDS) {
    const last = [...fitting.matchAll(end)].at(-1);
    // A cut far from the end would make more parts than need be.
    if (last !== undefined && last.index + last[0].length > whole / 2) return last.index + last[0].length;
  }
  return whole;
}

/** The longest beginning of so many bytes that ends with a whole character as people see it. */
function lengthIn(text: string, bytesMax: number): number {
  // No character has less than one byte, so what is beyond need not be looked at, but for whether it belongs to the last one.
  const near = text.slice(0, bytesMax + 1);
  const { read: fitting } = ENCODER.encodeInto(near, new Uint8Array(bytesMax));
  const length = CHARACTERS.segment(near).containing(fitting)?.index ?? fitting;
  // One character may have marks without end; some of them are a part, too.
  return length || Math.floor(bytesMax / 3);
}
