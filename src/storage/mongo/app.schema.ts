import { Secret } from '../../kernel/secret.js';
import type { App, ListedApp } from '../../registry/apps/app.js';
import { isDate, isText } from '../record-shape.js';

/** Written by the driver itself, as hints are: see `hint.schema.ts`. Found by `_id` alone, which needs no index of ours. */
export const APPS = 'wxkfapps';

/** `callbackToken` goes by the name that it has in the collection of puppets. */
export interface AppDocument {
  /** The id of the app. */
  readonly _id: string;
  readonly corpId: string;
  readonly name: string;
  readonly token: string;
  readonly encodingAESKey: string;
  readonly receiveIds: readonly string[];
  readonly createdAt: Date;
  readonly verifiedAt: Date | null;
}

/** Documents that are apps. A script may have put something else there, which opens nothing. */
export const READABLE = {
  corpId: { $type: 'string' },
  token: { $type: 'string' },
  encodingAESKey: { $type: 'string' },
  createdAt: { $type: 'date' },
} as const;

export function toDocument(app: App): AppDocument {
  const { id, corpId, name, callbackToken, encodingAESKey, receiveIds, createdAtMs, verifiedAtMs } = app;
  return {
    _id: id,
    corpId,
    name,
    token: callbackToken.reveal(),
    encodingAESKey: encodingAESKey.reveal(),
    receiveIds,
    createdAt: new Date(createdAtMs ?? 0),
    verifiedAt: verifiedAtMs === null ? null : new Date(verifiedAtMs),
  };
}

export function fromDocument(document: AppDocument): App {
  return {
    ...toListed(document),
    callbackToken: new Secret(document.token),
    encodingAESKey: new Secret(document.encodingAESKey),
  };
}

export function toListed({ _id, corpId, name, receiveIds, createdAt, verifiedAt }: Listed): ListedApp {
  return {
    id: String(_id),
    corpId,
    name: isText(name) ? name : '',
    receiveIds: Array.isArray(receiveIds) ? receiveIds.filter(isText) : [],
    createdAtMs: createdAt.getTime(),
    verifiedAtMs: isDate(verifiedAt) ? (verifiedAt?.getTime() ?? null) : null,
  };
}

export type Listed = Omit<AppDocument, 'token' | 'encodingAESKey'>;
