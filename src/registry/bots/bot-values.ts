/** The values that fields of a bot may have. */

/**
 * `callback`: the manager sends it callbacks in WeCom's own form. `puppet`: it registers itself, with the bot's key. `stream`:
 * it opens a connection and gets its events over that. `none`: there is no bot; people serve the accounts, so that their
 * events go to nobody and wait for nobody. `agent`: there is no program; the manager asks a service about each message and sends its
 * answer.
 */
export const BOT_KINDS = ['callback', 'puppet', 'stream', 'none', 'agent'] as const;
export type BotKind = (typeof BOT_KINDS)[number];

/**
 * What a callback bot is sent at its URL. `wecom`: callbacks in WeCom's own form. `json`: each message itself, signed, as a puppet
 * that takes messages gets it.
 */
export const BOT_FORMS = ['wecom', 'json'] as const;
export type BotForm = (typeof BOT_FORMS)[number];

/** What goes one after the other: all messages of an account, or only those of the same customer. */
export const MESSAGE_ORDERS = ['account', 'customer'] as const;
export type MessageOrder = (typeof MESSAGE_ORDERS)[number];

/**
 * How a bot calls WeCom. `manager`: at the manager's base URL. `tunnel`: through the manager's tunnel, for programs whose base
 * URL is fixed. `direct`: from an address of its own.
 */
export const BOT_APIS = ['manager', 'tunnel', 'direct'] as const;
export type BotApi = (typeof BOT_APIS)[number];

/**
 * `event`: the bot gets hints, and pulls with a cursor of its own. `message`: the manager pulls, and gives the bot each message
 * and event of the customers, in order; again under the same id only where nobody knows whether the bot took it.
 */
export const BOT_TAKES = ['event', 'message'] as const;
export type BotTakes = (typeof BOT_TAKES)[number];

/** What a bot that takes messages may be given besides customers' messages and events. */
export const INCLUDED = ['servicer'] as const;
export type IncludedSender = (typeof INCLUDED)[number];

/** Stands for every account of the corp that no other bot lists and no puppet has registered. */
export const ALL_OTHERS = '*';

/** How long an attempt at a bot may take, or an acknowledgement over a stream: many bots pull before they answer. */
export const BOT_TIMEOUT_MS = { default: 5_000, min: 500, max: 10_000 } as const;
