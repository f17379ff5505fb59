/**
 * What `/health` is answered with where something else than health is looked at: a machine on which other tests
 * run may have held up the event loop, which it reports as 503.
 */
export const HEALTH_STATUS = {
  $$typeof: Symbol.for('jest.asymmetricMatcher'),
  asymmetricMatch: (status: unknown): boolean => status === 200 || status === 503,
  toString: () => '200 or 503',
  toAsymmetricMatcher: () => '200 or 503',
};
