import { describe, expect, it } from '@jest/globals';
import { type FastifyContextConfig, fastify } from 'fastify';
import { addBrowserHeaders, NotForBrowsers, Page } from './browser-headers.js';
import { routeConfigOf } from '../routes/route-config.js';

async function headersOf(config: FastifyContextConfig) {
  const app = fastify();
  addBrowserHeaders(app);
  app.get('/route', { config }, () => 'ok');
  return (await app.inject('/route')).headers;
}

describe('an answer', () => {
  it('that is no page may load nothing and be framed by nobody', async () => {
    const headers = await headersOf({ allowedCallers: 'anyone' });
    expect(headers).toMatchObject({
      'content-security-policy': "default-src 'none';frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'strict-transport-security': 'max-age=31536000',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(headers).not.toHaveProperty('cache-control');
  });

  it('that is a page has the policy which its route states, and all the rest', async () => {
    const pagePolicy = { 'default-src': ["'self'"], 'img-src': ["'self'", 'data:'] };
    expect(await headersOf({ allowedCallers: 'anyone', pagePolicy })).toMatchObject({
      'content-security-policy': "default-src 'self';img-src 'self' data:",
      'x-content-type-options': 'nosniff',
    });
  });

  it('to a role is kept by no cache', async () => {
    expect(await headersOf({ allowedCallers: ['operator'] })).toHaveProperty('cache-control', 'no-store');
    expect(await headersOf({ allowedCallers: ['puppet'], notForBrowsers: true })).toHaveProperty(
      'cache-control',
      'no-store',
    );
  });

  it('that is for no browser has nothing more', async () => {
    const headers = await headersOf({ allowedCallers: 'anyone', notForBrowsers: true });
    expect(Object.keys(headers).sort()).toEqual(['connection', 'content-length', 'content-type', 'date']);
  });
});

it('what a route states stands in its config, and a policy that is none is a mistake when it is added', async () => {
  class SomeController {
    @Page({ 'default-src': ["'self'"] })
    page(): void {}

    @NotForBrowsers()
    callback(): void {}
  }
  const { page, callback } = SomeController.prototype;
  expect(routeConfigOf(page)).toEqual({ pagePolicy: { 'default-src': ["'self'"] } });
  expect(routeConfigOf(callback)).toEqual({ notForBrowsers: true });
  await expect(headersOf({ pagePolicy: { 'img-src': ['self'] } })).rejects.toThrow(/should be quoted/);
});
