import { expect, it } from '@jest/globals';
import { notice, tell, tellInPassing } from '../src/data/notices.js';

it('what an action came to is not replaced by what happens meanwhile', () => {
  tellInPassing('The manager answers again.');
  expect(notice.value?.text).toBe('The manager answers again.');
  tell('1 event is being sent again.');
  tellInPassing('The manager answers again.');
  expect(notice.value?.text).toBe('1 event is being sent again.');
  notice.value = null;
  tellInPassing('The manager answers again.');
  expect(notice.value).toMatchObject({ text: 'The manager answers again.' });
});
