import type { FailedCallAnswer, SeenWecomErrorPageAnswer } from './answers.gen.js';
import { useAnswer, usePaged } from './answers.js';

const SHOWN_MAX = 200;

export const useWecomErrors = () =>
  useAnswer<SeenWecomErrorPageAnswer>('/api/v1/wecom-errors', { query: { limit: SHOWN_MAX } });

export const useFailedCalls = (filter: { readonly corpId: string; readonly openKfId: string }) =>
  usePaged<FailedCallAnswer>('/api/v1/wecom-errors/calls', filter);
