import { expect, it } from '@jest/globals';
import { pathOf } from '../../console/src/shell/paths.js';
import { whatNext } from './what-next.js';

it('names the page of the console on which a service gets the second account', () => {
  const accounts = ['wk-1', 'wk-2'].map((openKfId) => ({ openKfId, name: openKfId }));
  const simulator = { url: 'http://127.0.0.1:1', corpId: 'ww1', corpSecret: 'secret', accounts };
  const managerUrl = 'http://127.0.0.1:2';
  const text = whatNext({ simulator, managerUrl }, { fileOf: (file) => file });
  expect(text).toContain(`${managerUrl}${pathOf.addAgentFor('ww1', 'wk-2')}\n`);
});
