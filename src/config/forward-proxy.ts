/** The forward proxies for calls to WeCom, from the usual environment variables. */
import { z } from 'zod';
import { Secret } from '../kernel/secret.js';
import { isLoopbackHost } from './host-name.js';
import type { NoProxy } from './no-proxy.js';

const EXPECTED =
  'an http:// or https:// URL such as http://user:password@proxy.example.com:3128, without path, query and fragment';
const FORMAT = /^https?:\/\/[^/?#\\\s]+\/?$/;

type ForwardProxyName = 'HTTPS_PROXY' | 'HTTP_PROXY';

export class ForwardProxy {
  constructor(
    /** The variable that names it. */
    readonly name: ForwardProxyName,
    /** With user and password, if it has any. */
    readonly url: Secret,
  ) {}

  /** Without user and password, for the log. */
  toJSON(): string {
    return new URL(this.url.reveal()).origin;
  }
}

/** The value is not shown: it may contain a password. */
export function forwardProxy(name: ForwardProxyName) {
  return {
    expected: EXPECTED,
    schema: z
      .string()
      .refine(isForwardProxy, { error: `expected ${EXPECTED}` })
      .transform((text) => new ForwardProxy(name, new Secret(new URL(text).href)))
      .optional(),
  };
}

function isForwardProxy(text: string): boolean {
  const url = FORMAT.test(text) ? URL.parse(text) : null;
  return url !== null && [url.username, url.password].every(isPercentEncoded);
}

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

export interface ForwardProxies {
  readonly httpsProxy?: ForwardProxy | undefined;
  readonly httpProxy?: ForwardProxy | undefined;
  readonly noProxy?: NoProxy | undefined;
}

/** @returns `null` for a URL that is called directly. URLs of this machine always are. */
export function forwardProxyFor(
  { httpsProxy, httpProxy, noProxy }: ForwardProxies,
  url: URL,
): ForwardProxy | null {
  if (isLoopbackHost(url.hostname) || noProxy?.has(url)) return null;
  return (url.protocol === 'https:' ? httpsProxy : httpProxy) ?? null;
}
