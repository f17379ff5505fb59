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

/** What follows from a bot's kind and form: how it is reached, what it is sent, and when it has taken that. */
export interface KindRules {
  /** False where people serve the accounts: nobody takes what comes in. */
  readonly hasProgram: boolean;
  /** Its program registers an endpoint with the bot's key, and is reached there. */
  readonly registers: boolean;
  /** It is reached at a URL that an operator gives. */
  readonly hasUrl: boolean;
  /** It opens WeCom's callbacks itself. Its clients may open streams; while one is open, the events go over it. */
  readonly takesCallbacks: boolean;
  /** It is reached over streams that its clients open, and by nothing else. */
  readonly isOnlyStreamed: boolean;
  /** It is sent every waiting event, not only the newest: some programs read one message for each event. */
  readonly getsEach: boolean;
  /** It is sent a message as a callback, and has taken it once it has answered and pulled. */
  readonly pulls: boolean;
  /**
   * It is a service: the manager asks it about each message, and sends the customer its answer. It takes nothing but messages.
   * Since an answer may take long, messages of different customers go at the same time.
   */
  readonly isAsked: boolean;
}

const NONE: KindRules = {
  hasProgram: false,
  registers: false,
  hasUrl: false,
  takesCallbacks: false,
  isOnlyStreamed: false,
  getsEach: false,
  pulls: false,
  isAsked: false,
};

/** The rules of each kind. Other code asks for a rule; none compares kinds. For what a bot is sent ask `rulesOf`: its form counts too. */
export const KINDS: Readonly<Record<BotKind, KindRules>> = {
  callback: {
    hasProgram: true,
    registers: false,
    hasUrl: true,
    takesCallbacks: true,
    isOnlyStreamed: false,
    getsEach: true,
    pulls: true,
    isAsked: false,
  },
  puppet: { ...NONE, hasProgram: true, registers: true },
  stream: { ...NONE, hasProgram: true, takesCallbacks: true, isOnlyStreamed: true },
  none: NONE,
  agent: { ...NONE, hasProgram: true, hasUrl: true, isAsked: true },
};

const TAKES_JSON: KindRules = { ...NONE, hasProgram: true, hasUrl: true };

/** The rules of a bot, by its kind and its form. No other code compares both. */
export function rulesOf({ kind, callback }: RuledBot): KindRules {
  return KINDS[kind].hasUrl && callback?.form === 'json' ? TAKES_JSON : KINDS[kind];
}

/** What rules depend on. */
export interface RuledBot {
  readonly kind: BotKind;
  readonly callback?: { readonly form?: BotForm | null | undefined } | null | undefined;
}
