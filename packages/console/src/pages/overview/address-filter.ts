import type { CauseAnswer } from '../../api/answers.gen.js';

/** A URL does not name the port of its scheme. */
const UNNAMED = [80, 443];

/** What the URLs of all bots at the address have in them; null where the cause has no address. */
export function addressFilter({ address, port }: Pick<CauseAnswer, 'address' | 'port'>): string | null {
  if (address === null || port === null || !UNNAMED.includes(port)) return address;
  return address.slice(0, -`:${port}`.length);
}
