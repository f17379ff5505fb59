import { defineNamespace } from '../../config/namespace.js';

/** Limits of messages that are pulled for bots. */
export const messagesConfig = defineNamespace('messages', (config) => ({
  messagesAheadMax: config.messagesAheadMax,
  messageTries: config.messageTries,
}));
