import { hashOfToken, type Operator } from '../../src/operators/operator.js';

const NOW_MS = Date.UTC(2026, 5, 7, 8, 9, 10, 123);

export function operatorOf(changed: Partial<Operator> & { readonly secret?: string } = {}): Operator {
  const { secret = 'wxop_first', ...others } = changed;
  const token = { hash: hashOfToken(secret), createdAtMs: NOW_MS };
  return { name: 'alice', role: 'admin', createdAtMs: NOW_MS, token, ...others };
}
