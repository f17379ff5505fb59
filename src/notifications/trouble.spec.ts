import { expect, it } from '@jest/globals';
import { hintCauses } from '../insight/verdict/hint-causes.js';
import { newCause } from '../insight/accounts/cause.js';
import type { Cause } from '../insight/accounts/cause.js';
import { toSight } from './trouble.js';

const neverWorked = (): boolean => false;

function cause(changes: Partial<Cause>): Cause {
  return newCause(changes.code ?? 'waiting', changes.count ?? 1, changes);
}

/** @param port `null` of the whole host. */
const at = (host: string, port: number | null): Partial<Cause> => ({
  address: port === null ? host : `${host}:${port}`,
  port,
});

/** Whether it is not known that what was told is over. */
const mayHide = (seen: Partial<Cause>, told: Partial<Cause>): boolean =>
  toSight({ causes: [cause(seen)], moreCauses: 0 }, neverWorked).mayHide(cause(told));

const keys = (...changes: Partial<Cause>[]): Set<string> => new Set(changes.map((one) => cause(one).key));

it('an address is one trouble, whichever of its accounts and corps join in', () => {
  const of = keys(
    { address: '10.0.0.7:8080', corpId: 'ww1', openKfId: 'wk1', why: 'connect' },
    { address: '10.0.0.7:8080', corpId: null, why: 'status', count: 305 },
  );
  expect(of.size).toBe(1);
});

it('two bots of one host that the overview tells apart are two troubles', () => {
  expect(keys(at('[::1]', 8_080), at('[::1]', 8_081), at('[::1]', null)).size).toBe(3);
});

it('an address is not known to be over while its host is down, nor a host while an address of it fails', () => {
  const [host, address] = [at('10.0.0.7', null), at('10.0.0.7', 8_080)];
  expect(mayHide(host, address)).toBe(true);
  expect(mayHide(address, host)).toBe(true);
  expect(mayHide({ ...host, code: 'circuits' }, address)).toBe(true);
  expect(mayHide(at('10.0.0.7', 8_081), address)).toBe(false);
  expect(mayHide(at('10.0.0.8', null), address)).toBe(false);
  expect(mayHide({ ...host, code: 'dead' }, address)).toBe(false);
  expect(mayHide(at('[::1]', null), at('[::1]', 8_080))).toBe(true);
});

it('a bot at the port of its scheme says nothing of others at other ports of its host', () => {
  const waitingFor = (endpoint: string): Cause => {
    const account = { corpId: 'ww1', openKfId: 'wk1', accounts: 1, sinceMs: 0 };
    const group = { state: 'waiting', stage: 'status', answered: null, endpoint, ...account } as const;
    const [seen] = hintCauses([group], 1, () => 'wait').causes;
    if (seen === undefined) throw new Error('it is no cause');
    return seen;
  };
  const [usual, other] = [waitingFor('https://bot.example/kf'), waitingFor('https://bot.example:8443')];
  expect(mayHide(usual, other)).toBe(false);
  expect(mayHide(other, usual)).toBe(false);
  expect(mayHide(at('bot.example', null), usual)).toBe(true);
});

it('replies that fail for one reason are one trouble of their bot, whichever of its accounts join in', () => {
  const replies = { code: 'replies_fail', why: '95017', corpId: 'ww1' } as const;
  const ofBot = keys({ ...replies, botId: 'b1', openKfId: 'wk1' }, { ...replies, botId: 'b1', count: 4 });
  expect(ofBot.size).toBe(1);
  expect(keys({ ...replies, botId: 'b1' }, { ...replies, botId: 'b2' }, replies).size).toBe(3);
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
  const hides = (causes: Cause[], moreCauses = 0, hidden = cause({ code: 'dead' })): boolean =>
    toSight({ causes, moreCauses }, neverWorked).mayHide(hidden);
  expect(hides([cause({ address: '10.0.0.7' })])).toBe(false);
  expect(hides([cause({ code: 'dead', address: '10.0.0.7' })], 1)).toBe(true);
  expect(hides([cause({ code: 'dead', address: '10.0.0.7' })], 1, cause({ code: 'store_down' }))).toBe(false);
  expect(hides([cause({ code: 'store_down' })])).toBe(true);
  expect(hides([cause({ code: 'unknown' })])).toBe(true);
  expect(hides([cause({ count: 3 })])).toBe(true);
});
