import type { ReceiversAnswer } from './answers.gen.js';
import { useAnswer } from './answers.js';

const EVERY_MS = 15_000;

export const useReceivers = () => useAnswer<ReceiversAnswer>('/api/v1/notifications', { everyMs: EVERY_MS });
