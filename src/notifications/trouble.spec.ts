import { expect, it } from '@jest/globals';
import { type Cause, keyOf, toSight } from './trouble.js';

function cause(changes: Partial<Cause>): Cause {
  const nothing = { since: null, why: null, status: null, address: null };
  const nobody = { corpId: null, openKfId: null, name: null };
  return { code: 'waiting', severity: 'wait', count: 1, ...nothing, ...nobody, ...changes };
}

const keys = (...changes: Partial<Cause>[]): Set<string> => new Set(changes.map((one) => keyOf(cause(one))));

it('an address is one trouble, whichever of its accounts and corps join in', () => {
  const of = keys(
    { address: '10.0.0.7:8080', corpId: 'ww1', openKfId: 'wk1', why: 'connect' },
    { address: '10.0.0.7:8080', corpId: null, why: 'status', count: 305 },
  );
  expect(of.size).toBe(1);
});

it('two bots of one host that the overview tells apart are two troubles', () => {
  expect(keys({ address: '[::1]:8080' }, { address: '[::1]:8081' }, { address: '[::1]' }).size).toBe(3);
});

it('an address is not known to be over while its host is down, nor a host while an address of it fails', () => {
  const mayHide = (seen: string, told: string, changes: Partial<Cause> = {}): boolean =>
    toSight({ causes: [cause({ address: seen, ...changes })], moreCauses: 0 }).mayHide(
      cause({ address: told }),
    );
  expect(mayHide('10.0.0.7', '10.0.0.7:8080')).toBe(true);
  expect(mayHide('10.0.0.7:8080', '10.0.0.7')).toBe(true);
  expect(mayHide('10.0.0.7', '10.0.0.7:8080', { code: 'circuits' })).toBe(true);
  expect(mayHide('10.0.0.7:8081', '10.0.0.7:8080')).toBe(false);
  expect(mayHide('10.0.0.8', '10.0.0.7:8080')).toBe(false);
  expect(mayHide('10.0.0.7', '10.0.0.7:8080', { code: 'dead' })).toBe(false);
});

it('calls that fail for one reason are one trouble, whichever corps and accounts join in', () => {
  const of = keys(
    { code: 'replies_fail', why: '95017', corpId: 'ww1', openKfId: 'wk1' },
    { code: 'replies_fail', why: '95017', count: 4 },
  );
  expect(of.size).toBe(1);
});

it('that an address fails is the same trouble as what then waits for it', () => {
  expect(keys({ code: 'circuits', address: '10.0.0.7:8080' }, { address: '10.0.0.7:8080' }).size).toBe(1);
});

it('another place, another reason and another code are other troubles', () => {
  const of = keys(
    { address: '10.0.0.7:8080' },
    { address: '10.0.0.8:8080' },
    { address: '10.0.0.7:8080', code: 'dead' },
    { code: 'parked', corpId: 'ww1' },
    { code: 'parked', corpId: 'ww2' },
    { code: 'wecom_fails', why: '60020' },
    { code: 'wecom_fails', why: 'unreachable' },
  );
  expect(of.size).toBe(7);
});

it('tells when troubles may be hidden: there are more, or the store does not tell of them', () => {
  const mayHide = (causes: Cause[], moreCauses = 0, hidden = cause({ code: 'dead' })): boolean =>
    toSight({ causes, moreCauses }).mayHide(hidden);
  expect(mayHide([cause({ address: '10.0.0.7' })])).toBe(false);
  expect(mayHide([cause({ code: 'dead', address: '10.0.0.7' })], 1)).toBe(true);
  expect(mayHide([cause({ code: 'dead', address: '10.0.0.7' })], 1, cause({ code: 'store_down' }))).toBe(
    false,
  );
  expect(mayHide([cause({ code: 'store_down' })])).toBe(true);
  expect(mayHide([cause({ code: 'unknown' })])).toBe(true);
  expect(mayHide([cause({ count: 3 })])).toBe(true);
});
