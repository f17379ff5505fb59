import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { errorCodeOf } from '../kernel/error-code.js';
import { Secret } from '../kernel/secret.js';
import {
  CALLBACK_TOKEN_FORMAT,
  CORP_ID_FORMAT,
  ENCODING_AES_KEY_FORMAT,
  NAME_LENGTH_MAX,
  RECEIVE_ID_LENGTH_MAX,
} from '../kernel/wecom-format.js';

/** Callback credentials of one WeCom app, known before any puppet of its corp registers. */
export interface WecomApp {
  readonly corpId: string;
  readonly name: string;
  readonly callbackToken: Secret;
  readonly encodingAESKey: Secret;
  /** Receivers its events may be sealed for besides the corp: a suite, a provider, or `''`. */
  readonly receiveIds: readonly string[];
}

const text = (format: { pattern: RegExp; expected: string }) =>
  z.string(`must be ${format.expected}`).regex(format.pattern, `must be ${format.expected}`);

const APPS = z.array(
  z.object({
    corpId: text(CORP_ID_FORMAT),
    token: text(CALLBACK_TOKEN_FORMAT),
    encodingAESKey: text(ENCODING_AES_KEY_FORMAT),
    receiveIds: z.array(z.string().max(RECEIVE_ID_LENGTH_MAX)).default([]),
    name: z.string().max(NAME_LENGTH_MAX).default(''),
  }),
  'must be a list of apps',
);

/** Reads the list of `WECOM_APPS_FILE`; mistakes name the place in the file and never quote its values. */
export function readWecomApps(path: string): { apps: WecomApp[]; mistakes: string[] } {
  let list: unknown;
  try {
    list = JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''));
  } catch (error) {
    return {
      apps: [],
      mistakes: [error instanceof SyntaxError ? 'is not JSON' : `cannot be read (${errorCodeOf(error)})`],
    };
  }
  const parsed = APPS.safeParse(list);
  if (!parsed.success) {
    return {
      apps: [],
      mistakes: parsed.error.issues.map(
        ({ path: place, message }) => `${place.join('.') || 'the file'} ${message}`,
      ),
    };
  }
  const apps = parsed.data.map(({ token, encodingAESKey, ...same }) => ({
    ...same,
    callbackToken: new Secret(token),
    encodingAESKey: new Secret(encodingAESKey),
  }));
  return { apps, mistakes: [] };
}
