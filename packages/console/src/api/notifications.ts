import type { ReceiversAnswer, TestedReceiversAnswer } from './answers.gen.js';
import { useAnswer } from './answers.js';
import { request } from './request.js';

const EVERY_MS = 15_000;

export const useReceivers = () => useAnswer<ReceiversAnswer>('/api/v1/notifications', { everyMs: EVERY_MS });

/** Each has 10 s. */
const TEST_DEADLINE_MS = 15_000;

/** What became of it for each, in the order of the list. */
export function testReceivers(): Promise<TestedReceiversAnswer> {
  return request('/api/v1/notifications/test', { method: 'POST', deadlineMs: TEST_DEADLINE_MS });
}
