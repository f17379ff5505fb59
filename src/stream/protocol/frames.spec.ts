import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readFrame } from './frames.js';

it.each([
  [
    { type: 'hello', version: 1, clientId: 'a', extra: 1 },
    { type: 'hello', clientId: 'a', openKfIds: null, wantsCallbacks: false },
  ],
  [
    { type: 'hello', version: 1, clientId: 'a', openKfIds: ['wkA'], form: 'wecom' },
    { type: 'hello', clientId: 'a', openKfIds: ['wkA'], wantsCallbacks: true },
  ],
  [
    { type: 'ack', id: 'x' },
    { type: 'ack', id: 'x' },
  ],
  [
    { type: 'nack', id: 'x' },
    { type: 'nack', id: 'x', retryAfterMs: null },
  ],
  [
    { type: 'nack', id: 'x', retryAfterMs: 5 },
    { type: 'nack', id: 'x', retryAfterMs: 5 },
  ],
  [
    { type: 'pong', at: 1 },
    { type: 'pong', at: 1 },
  ],
])('reads %j', (frame, read) => {
  expect(readFrame(JSON.stringify(frame))).toEqual(read);
});

it.each([
  [{ type: 'hello', version: '1', clientId: 'a' }, 'version must be 1'],
  [{ type: 'hello', version: 1, clientId: 'ä' }, /^clientId must be/],
  [{ type: 'hello', version: 1, clientId: 'a', openKfIds: [] }, /^openKfIds must be/],
  [{ type: 'hello', version: 1, clientId: 'a', openKfIds: ['wkA', 'wkA'] }, /^openKfIds must be/],
  [{ type: 'hello', version: 1, clientId: 'a', form: 'xml' }, /^form must be wecom/],
  [{ type: 'ack' }, /^id must be/],
  [{ type: 'nack', id: 'x', retryAfterMs: -1 }, /^retryAfterMs must be/],
  [{ type: 'nack', id: 'x', retryAfterMs: 3_600_001 }, /^retryAfterMs must be/],
  [{ type: 'ping' }, 'at must be a number'],
  [{ type: 'constructor' }, /^type must be one of hello, ack, nack, ping, pong$/],
  [null, 'a frame must be a JSON object'],
])('says what is wrong with %j', (frame, fault) => {
  expect(readFrame(JSON.stringify(frame))).toEqual({ fault: expect.stringMatching(fault) });
});

it('reads any text, as a frame or as a fault', () => {
  const type = fc.constantFrom('hello', 'ack', 'nack', 'ping', 'pong', 'event');
  const frame = fc.record({
    type,
    id: fc.anything(),
    at: fc.anything(),
    clientId: fc.anything(),
    openKfIds: fc.anything(),
  });
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    frame.map((one) => toText(one)),
  );
  fc.assert(
    fc.property(text, (one) => {
      const read = readFrame(one);
      return 'fault' in read
        ? read.fault.length > 0
        : ['hello', 'ack', 'nack', 'ping', 'pong'].includes(read.type);
    }),
    { numRuns: 2_000 },
  );
});

/** Some values have no JSON. */
function toText(one: object): string {
  try {
    return JSON.stringify(one) ?? '';
  } catch {
    return '';
  }
}
