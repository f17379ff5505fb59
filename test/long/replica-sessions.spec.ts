/** What two managers on one MongoDB know of operators who sign out, or are removed, at the other. */
import { expect, it } from '@jest/globals';
import { mongoPlace } from '../support/each-store.js';
import { startManager } from '../support/manager-process.js';
import { mongoSuite } from '../support/mongo/database.js';
import { until } from '../support/until.js';

mongoSuite('two managers on one database', () => {
  it('know within seconds that a session ended at the other, and that an operator was removed there', async () => {
    const place = mongoPlace();
    const secret = 'marked-secret_of-operators';
    const env = { ...place.env, AUTH_OPERATOR_TOKEN: secret, TRUST_PROXY: '127.0.0.1' };
    const [here, there] = await Promise.all([startManager(env), startManager(env)]);
    const json = { 'content-type': 'application/json', 'x-wxkf-console': '1' };
    const signIn = async (token: string) => {
      const body = JSON.stringify({ token });
      const answer = await fetch(`${here.url}/console/session`, { method: 'POST', headers: json, body });
      return { ...json, cookie: String(answer.headers.getSetCookie()[0]).split(';')[0] ?? '' };
    };
    let callers = 0;
    /** Each time of another caller: one that fails again and again has to wait a minute. */
    const statusOf = async (headers: Record<string, string>) => {
      const from = { 'x-forwarded-for': `10.2.${++callers >> 8}.${callers & 255}` };
      return (await fetch(`${there.url}/api/v1/status`, { headers: { ...headers, ...from } })).status;
    };
    const shared = await signIn(secret);
    expect(await statusOf(shared)).toBe(200);
    await fetch(`${here.url}/console/session`, { method: 'DELETE', headers: shared });
    await until(async () => (await statusOf(shared)) === 401);

    const asAdmin = { ...json, authorization: `Bearer ${secret}` };
    const body = JSON.stringify({ name: 'alice', role: 'admin' });
    const added = await fetch(`${here.url}/api/v1/operators`, { method: 'POST', headers: asAdmin, body });
    const { token } = (await added.json()) as { token: string };
    const own = await signIn(token);
    await until(async () => (await statusOf(own)) === 200);
    await fetch(`${here.url}/api/v1/operators/alice`, { method: 'DELETE', headers: asAdmin });
    await until(async () => (await statusOf(own)) === 401);
    expect(await statusOf({ authorization: `Bearer ${token}` })).toBe(401);
    expect(await statusOf({ authorization: `Bearer ${secret}` })).toBe(200);
    await Promise.all([here.stop(), there.stop()]);
    await place.discard();
  });
});
