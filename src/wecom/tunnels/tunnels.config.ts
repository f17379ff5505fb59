import { defineNamespace } from '../../config/namespace.js';

/** Whether bots get tunnels, and the way from here to WeCom. */
export const tunnelsConfig = defineNamespace('tunnels', (config) => ({
  tunnels: config.tunnels,
  tunnelConnectTo: config.tunnelConnectTo,
  wecomApiUrl: config.wecomApiUrl,
  httpsProxy: config.httpsProxy,
  httpProxy: config.httpProxy,
  noProxy: config.noProxy,
}));
