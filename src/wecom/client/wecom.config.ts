import { defineNamespace } from '../../config/namespace.js';

/** WeCom's addresses, the way to them, and the limits of calls. */
export const wecomConfig = defineNamespace('wecom', (config) => ({
  accessTokenUrl: config.accessTokenUrl,
  wecomApiUrl: config.wecomApiUrl,
  httpsProxy: config.httpsProxy,
  httpProxy: config.httpProxy,
  noProxy: config.noProxy,
  proxyBodyBytesMax: config.proxyBodyBytesMax,
  corpCallsPerMinute: config.corpCallsPerMinute,
  corpCallsPerHour: config.corpCallsPerHour,
  ipCallsPerMinute: config.ipCallsPerMinute,
  ipCallsPerHour: config.ipCallsPerHour,
  tokenlessSyncsPerMinute: config.tokenlessSyncsPerMinute,
}));
