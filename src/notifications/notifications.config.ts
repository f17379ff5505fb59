import { defineNamespace } from '../config/namespace.js';

/** Who is told, when, and what is WeCom. */
export const notificationsConfig = defineNamespace('notifications', (config) => ({
  urls: config.notifyUrls,
  afterS: config.notifyAfterS,
  quietHours: config.notifyQuietHours,
  timeZone: config.notifyTimeZone,
  wecomApiUrl: config.wecomApiUrl,
}));
