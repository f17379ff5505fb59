/** An IPv6 address may embed an IPv4 address, to which a router on the way then forwards. */
import ipaddr from 'ipaddr.js';

type Bytes = readonly number[];

const LOOPBACK = ipaddr.IPv6.parse('::1');

/** Positions of the 4 bytes among the 16. NAT64's places depend on the length of its prefix (RFC 6052, 2.2). */
const AT_THE_END = [12, 13, 14, 15];
const NAT64_PLACES = [[6, 7, 9, 10], [7, 9, 10, 11], [9, 10, 11, 12], AT_THE_END];

const FORMS: readonly { readonly range: string; readonly places: readonly Bytes[] }[] = [
  // IPv4-compatible (RFC 4291, 2.5.5.1), -mapped (2.5.5.2) and -translated (RFC 2765).
  { range: '::/96', places: [AT_THE_END] },
  { range: '::ffff:0:0/96', places: [AT_THE_END] },
  { range: '::ffff:0:0:0/96', places: [AT_THE_END] },
  // NAT64, well-known (RFC 6052) and local-use, whose prefix may have any length (RFC 8215).
  { range: '64:ff9b::/96', places: [AT_THE_END] },
  { range: '64:ff9b:1::/48', places: NAT64_PLACES },
  // 6to4 (RFC 3056).
  { range: '2002::/16', places: [[2, 3, 4, 5]] },
  // Teredo's server (RFC 4380, 4); its client follows below.
  { range: '2001::/32', places: [[4, 5, 6, 7]] },
];
const RANGES = FORMS.map(({ range, places }) => ({ range: ipaddr.IPv6.parseCIDR(range), places }));
const TEREDO = ipaddr.IPv6.parseCIDR('2001::/32');

/** @returns every IPv4 address that it may embed; `[]` for most. */
export function embeddedIpv4(address: ipaddr.IPv6): ipaddr.IPv4[] {
  if (address.match(LOOPBACK, 128)) return [];
  const bytes = address.toByteArray();
  const readings = RANGES.filter(({ range }) => address.match(range)).flatMap(({ places }) =>
    withoutPadding(places.map((place) => at(bytes, place))),
  );
  if (address.match(TEREDO)) readings.push(at(bytes, AT_THE_END).map((byte) => byte ^ 0xff));
  if (isIsatap(bytes)) readings.push(at(bytes, AT_THE_END));
  return readings.map((four) => new ipaddr.IPv4([...four]));
}

/** Drops readings that begin with 0, which are the padding of another reading, unless all do. */
function withoutPadding(readings: readonly Bytes[]): readonly Bytes[] {
  const real = readings.filter(([first]) => first !== 0);
  return real.length > 0 ? real : readings;
}

/** By the interface identifier, under any prefix (RFC 5214, 6.1). */
function isIsatap(bytes: Bytes): boolean {
  const [first = 0, ...rest] = bytes.slice(8, 12);
  return (first & ~0x02) === 0 && rest.join() === [0, 0x5e, 0xfe].join();
}

function at(bytes: Bytes, place: Bytes): Bytes {
  return place.map((index) => bytes[index] ?? 0);
}
