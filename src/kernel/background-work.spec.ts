import { expect, it } from '@jest/globals';
import { watch } from '../../test/support/delivery.js';
import { BackgroundWork } from './background-work.js';

it('is over when all that was under way has ended, well or not', async () => {
  const pending = new BackgroundWork();
  const [well, badly] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  const works = [pending.add(well.promise), pending.add(badly.promise)];
  const state = watch(pending.whenOver());
  well.resolve('done');
  expect(await works[0]).toBe('done');
  expect(state.isSettled).toBe(false);
  badly.reject(new Error('failed'));
  await expect(works[1]).rejects.toThrow('failed');
  await pending.whenOver();
});

it('waits for nothing that has ended', async () => {
  const pending = new BackgroundWork();
  await pending.add(Promise.resolve());
  const state = watch(pending.whenOver());
  await Promise.resolve();
  await Promise.resolve();
  expect(state.isSettled).toBe(true);
});
