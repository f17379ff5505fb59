/** Finds variables that were probably meant as settings. Variables of other programs are left alone. */

/** Families of settings that protect something: what this version ignored there would be open, and believed closed. */
const PROTECTING = /^(AUTH_|OIDC_|PUPPET_ENDPOINT_ALLOW_FILE$)/;
/** Kubernetes makes these for each Service, which may be called auth or oidc. */
const OF_A_SERVICE = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_\w+)?)$/;
/** Names near to a setting that other programs read. Marathon numbers ports: PORT0. */
const OF_OTHERS = /^(FTP_PROXY|ftp_proxy|GOPROXY|HOSTS|PORTS|PORT\d+)$/;

/** In a name of four letters, two others would make another word: HOME is not HOST. */
const SHORT_LENGTH = 4;
const LETTERS_OFF = { short: 1, long: 2 };

/**
 * One mistake for each variable that is set, is no setting, and is within two letters of one, or in a family that protects.
 * @param known all names that are read
 */
export function unknownSettings(
  environment: Readonly<Record<string, string | undefined>>,
  known: ReadonlySet<string>,
): string[] {
  const foreign = Object.entries(environment)
    .filter(([name, value]) => value && !known.has(name) && !OF_A_SERVICE.test(name))
    .map(([name]) => name);
  return foreign.flatMap((name) => {
    const meant = meantBy(name, known);
    const protects = PROTECTING.test(name);
    if (meant.length === 0 && !protects) return [];
    const nothing = protects ? ', so it protects nothing' : '';
    const remedy = meant.length === 0 ? 'unset it' : `use ${meant.join(' or ')}, or unset it`;
    return [`${name}: this version has no such setting${nothing}; ${remedy}`];
  });
}

/** The nearest settings; for a name that only begins with `AUTH_`, the secrets of all roles. */
function meantBy(name: string, known: ReadonlySet<string>): string[] {
  if (OF_OTHERS.test(name)) return [];
  const near = [...known]
    .map((setting) => ({ setting, letters: lettersBetween(name, setting) }))
    .filter(({ setting, letters }) => letters <= LETTERS_OFF[isShort(setting) ? 'short' : 'long'])
    .sort((a, b) => a.letters - b.letters);
  const nearest = near.filter(({ letters }) => letters === near[0]?.letters).map(({ setting }) => setting);
  if (nearest.length > 0 || !name.startsWith('AUTH_')) return nearest;
  return [...known].filter((setting) => /^AUTH_\w+_TOKEN$/.test(setting));
}

const isShort = (setting: string): boolean => setting.length <= SHORT_LENGTH;

/**
 * How many letters have to be changed, added, left out, or swapped with the next one (optimal string alignment).
 * `Infinity` where the lengths alone differ by too many.
 */
function lettersBetween(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > LETTERS_OFF.long) return Infinity;
  let [before, row]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwap ? (before[j - 2] ?? 0) + 1 : Infinity;
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, changed, swapped));
    }
    [before, row] = [row, next];
  }
  return row[b.length] ?? 0;
}
