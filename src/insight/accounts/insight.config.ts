import { defineNamespace } from '../../config/namespace.js';

export const insightConfig = defineNamespace('insight', (config) => ({
  replyWithinMs: config.replyWithinS * 1_000,
  peopleWaitAlarmMs: config.peopleWaitAlarmS * 1_000,
}));
