/** The sentences of the audit. */
import { describe, expect, it } from '@jest/globals';
import { chinese } from '../src/i18n/chinese.js';
import { english } from '../src/i18n/english.js';
import type { Words } from '../src/i18n/words.js';
import { sentenceOf } from '../src/pages/audit/audit-sentence.js';

type Entry = Parameters<typeof sentenceOf>[0];

const ENTRY: Entry = {
  ...{ operator: 'alice', method: 'PATCH', route: '/api/v1/bots/:id', path: '/api/v1/bots/one' },
  ...{ subject: 'LangBot', fields: null, status: 200, times: 1 },
};
const NAMES: Readonly<Record<string, string>> = { one: 'Hotline', wkA: 'Support' };

const told = (changed: Partial<Entry>, words: Words = english): string =>
  sentenceOf({ ...ENTRY, ...changed }, words, (id) => NAMES[id]);

describe('a sentence of the audit', () => {
  it('says which fields were changed, each once, and of an unknown one only that', () => {
    expect(told({ fields: ['openKfIds'] })).toBe('alice changed the accounts of bot LangBot');
    expect(told({ fields: ['takes', 'include', 'name'] })).toBe(
      'alice changed what is taken and the name of bot LangBot',
    );
    expect(told({ fields: ['invented'], subject: '$& {}' })).toBe('alice changed bot $& {}');
    expect(told({ fields: ['openKfIds', 'callback'] }, chinese)).toBe(
      'alice 修改了机器人 LangBot 的账号、URL',
    );
  });

  it('has the name of an id in the path, or the id where no name is known', () => {
    const ofAccount = { method: 'DELETE', route: '/api/v1/hints/:openKfId', subject: null };
    expect(told({ ...ofAccount, path: '/api/v1/hints/wkA' })).toBe('alice dropped the event of Support');
    expect(told({ ...ofAccount, path: '/api/v1/hints/wk%20B' })).toBe('alice dropped the event of wk B');
    expect(told({ ...ofAccount, path: '/api/v1/hints/%E0%A4%A' })).toBe(
      'alice dropped the event of %E0%A4%A',
    );
  });

  it('says what was not done', () => {
    expect(told({ status: 403 })).toBe('alice could not change bot LangBot');
    const signIn = { method: 'POST', route: '/console/session', path: '/console/session' };
    expect(told({ ...signIn, operator: null, status: 401, times: 3 })).toBe(
      'Somebody could not sign in (3 times)',
    );
  });

  it('has the call where there are no words for it', () => {
    const call = { method: 'PUT', route: '/api/v1/new/:id', path: '/api/v1/new/one' };
    expect(told(call)).toBe('alice called PUT /api/v1/new/one');
    expect(told({ ...call, method: 'constructor', status: 500 })).toBe(
      'alice could not call constructor /api/v1/new/one',
    );
  });
});

it('is there for the same calls and fields in both languages', () => {
  expect(Object.keys(chinese.audit.acts)).toEqual(Object.keys(english.audit.acts));
  expect(Object.keys(chinese.audit.fields)).toEqual(Object.keys(english.audit.fields));
});
