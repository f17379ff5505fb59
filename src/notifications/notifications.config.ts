import { defineNamespace } from '../config/namespace.js';

/** Who is told and when, where the console is, and where WeCom is. */
export const notificationsConfig = defineNamespace('notifications', (config) => ({
  urls: config.notifyUrls,
  afterS: config.notifyAfterS,
  quietHours: config.notifyQuietHours,
  timeZone: config.notifyTimeZone,
  wecomApiUrl: config.wecomApiUrl,
  consoleUrl: config.publicUrl ?? null,
}));
