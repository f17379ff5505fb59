import { defineNamespace } from '../config/namespace.js';

/** Who is told, when, where the console is, and what is WeCom. */
export const notificationsConfig = defineNamespace('notifications', (config) => ({
  urls: config.notifyUrls,
  afterS: config.notifyAfterS,
  quietHours: config.notifyQuietHours,
  timeZone: config.notifyTimeZone,
  wecomApiUrl: config.wecomApiUrl,
  consoleUrl: config.publicUrl ?? null,
}));
