import type { SuccessAnswer } from './answers/page.js';

export const SUCCESS_ANSWER: SuccessAnswer = { code: 0, message: 'success' };
