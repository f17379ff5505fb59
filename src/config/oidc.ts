/** The settings of sign-in to the console by OpenID Connect. They are set all together or not at all. */
import { z } from 'zod';
import { Secret } from '../kernel/secret.js';
import { isLoopbackHost } from './host-name.js';

const CLIENT_ID = /^[!-~]{1,256}$/;
const CLIENT_SECRET = /^[!-~]{16,1024}$/;
/** Sessions are signed with the secret, so it must not be easy to guess. */
const DIFFERENT_MIN = 5;
const GROUPS_MAX = 100;
const GROUP = /^[^\p{C}]{1,256}$/u;
const CLAIM = /^[!-~]{1,256}$/;
/** RFC 6749, 3.3. */
const SCOPES = /^[!#-[\]-~]+( [!#-[\]-~]+)*$/;

/** A URL of only a scheme, a host and a port. */
export function publicUrl() {
  const expected = 'an http:// or https:// URL without user, path, query and fragment';
  return {
    expected,
    schema: z
      .string()
      .refine((text) => isOrigin(text), { error: `expected ${expected}` })
      .transform((text) => Object.freeze(new URL(text)))
      .optional(),
  };
}

function isOrigin(text: string): boolean {
  return /^https?:\/\/[^/?#@\\\s]+\/?$/.test(text) && URL.canParse(text);
}

export function oidcIssuer() {
  const expected =
    'an https:// URL without user, query and fragment, as the provider names itself; http:// for this machine alone';
  return {
    expected,
    schema: z
      .string()
      .refine(isIssuer, { error: `expected ${expected}` })
      .transform((text) => Object.freeze(new URL(text)))
      .optional(),
  };
}

function isIssuer(text: string): boolean {
  const url = /^https?:\/\/[^?#@\\\s]+$/.test(text) ? URL.parse(text) : null;
  return url !== null && (url.protocol === 'https:' || isLoopbackHost(url.hostname));
}

export function oidcClientId() {
  return { expected: 'at most 256 visible ASCII characters', schema: z.string().regex(CLIENT_ID).optional() };
}

export function oidcClientSecret() {
  const expected = `16 to 1,024 visible ASCII characters, ${DIFFERENT_MIN} different ones among them`;
  const isStrong = (text: string): boolean => CLIENT_SECRET.test(text) && new Set(text).size >= DIFFERENT_MIN;
  return {
    expected,
    schema: z
      .string()
      .refine(isStrong, { error: `expected ${expected}` })
      .transform((text) => new Secret(text))
      .optional(),
  };
}

export function oidcGroups() {
  const expected = `at most ${GROUPS_MAX} names with commas between them, each of at most 256 characters`;
  return {
    expected,
    schema: z
      .string()
      .optional()
      .transform((list, context) => {
        const names = list?.split(',').map((name) => name.trim()) ?? [];
        if (names.length > GROUPS_MAX || names.some((name) => !GROUP.test(name)))
          context.addIssue({ code: 'custom', message: `expected ${expected}` });
        return Object.freeze(names);
      }),
  };
}

export function oidcGroupsClaim() {
  return { expected: 'the name of a claim', schema: z.string().regex(CLAIM) };
}

export function oidcScopes() {
  return {
    expected: 'scopes with spaces between them, openid among them',
    schema: z
      .string()
      .regex(SCOPES)
      .refine((text) => text.split(' ').includes('openid'), {
        error: 'expected scopes with spaces between them, openid among them',
      }),
  };
}

interface OidcConfig {
  readonly publicUrl?: Readonly<URL> | undefined;
  readonly oidcIssuer?: Readonly<URL> | undefined;
  readonly oidcClientId?: string | undefined;
  readonly oidcClientSecret?: Secret | undefined;
  readonly oidcAdminGroups: readonly string[];
  readonly oidcReaderGroups: readonly string[];
  readonly oidcGroupsClaim: string;
  readonly oidcScopes: string;
}

export interface OidcSettings {
  readonly issuer: Readonly<URL>;
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly adminGroups: readonly string[];
  readonly readerGroups: readonly string[];
  readonly groupsClaim: string;
  readonly scopes: string;
  /** Where browsers reach the console: scheme, host and port. */
  readonly publicUrl: Readonly<URL>;
}

/** @returns `null` where operators do not sign in by OpenID Connect. */
export function oidcOf(config: OidcConfig): OidcSettings | null {
  const {
    publicUrl: address,
    oidcIssuer: issuer,
    oidcClientId: clientId,
    oidcClientSecret: clientSecret,
  } = config;
  if (!address || !issuer || clientId === undefined || !clientSecret) return null;
  return {
    issuer,
    clientId,
    clientSecret,
    adminGroups: config.oidcAdminGroups,
    readerGroups: config.oidcReaderGroups,
    groupsClaim: config.oidcGroupsClaim,
    scopes: config.oidcScopes,
    publicUrl: address,
  };
}

const OWN = ['OIDC_ISSUER', 'OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET'] as const;
const GROUPS = ['OIDC_ADMIN_GROUPS', 'OIDC_READER_GROUPS'] as const;

/** With only some of the settings nobody could sign in, although the operator expects it. So that is a mistake. */
export function missingOfOidc(isSet: (name: string) => boolean): string[] {
  const given = [...OWN, ...GROUPS, 'OIDC_GROUPS_CLAIM', 'OIDC_SCOPES'].filter(isSet);
  if (given.length === 0) return [];
  const because = `is needed as well, since ${given[0]} is set`;
  const missing = [...OWN, 'PUBLIC_URL'].filter((name) => !isSet(name)).map((name) => `${name}: ${because}`);
  const hasGroup = GROUPS.some(isSet);
  return [...missing, ...(hasGroup ? [] : [`${GROUPS.join(' or ')}: ${because}: who is let in`])];
}
