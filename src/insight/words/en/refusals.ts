interface Refusal {
  /** Goes on after "WeCom called 5 seconds ago, and …". */
  readonly what: string;
  readonly remedy: string;
  /** What to do while the page still shows Token and key. */
  readonly whileShown?: string;
}

/** The manager shows neither Token nor key of an app a second time. */
const RENEW =
  'connect the app once more (Apps, Connect a WeCom app). The manager makes a new Token and EncodingAESKey. Paste both into WeCom, then remove the old app. A puppet needs the new ones, too.';

const otherKey: Refusal = {
  what: 'it could not be decrypted',
  remedy: `The EncodingAESKey in WeCom is another one than the manager has for this corp: ${RENEW}`,
  whileShown:
    'The EncodingAESKey in WeCom is another one than the manager has for this corp. Paste it again.',
};
const noCallback: Refusal = {
  what: 'it was not what WeCom sends',
  remedy: 'Look who calls from this address, and whether a proxy in between changes the body or the query.',
};

/** Why callbacks are refused, by error code. */
export const reasons: Readonly<Record<string, Refusal>> = {
  CALLBACK_SIGNATURE_MISMATCH: {
    what: 'its signature did not match',
    remedy: `Anybody can send a callback with a forged signature, so this is a warning only. If the app’s last event is older than its customers’ messages, its Token is wrong: ${RENEW}`,
    whileShown: 'The Token in WeCom is another one than the manager has for this corp. Paste it again.',
  },
  CIPHER_LENGTH_INVALID: otherKey,
  CIPHER_MESSAGE_LENGTH_INVALID: otherKey,
  CIPHER_PADDING_INVALID: otherKey,
  CALLBACK_CORP_UNKNOWN: {
    what: 'the manager has no Token and key for this corp',
    remedy:
      'Connect the app under Apps, or start a puppet of this corp. If it is connected, compare the corp id in the URL.',
  },
  CALLBACK_RECEIVE_ID_MISMATCH: {
    what: 'it was sealed for another company',
    remedy: 'Compare the corp id in the URL; or list the other id as a receiveId of the app, if it is yours.',
  },
  CALLBACK_TIMESTAMP_OFF: {
    what: 'its time was too far from this machine’s',
    remedy: 'Set the clock of this machine, or raise CALLBACK_MAX_SKEW_S.',
  },
  CALLBACK_KEYS_UNPROVEN: {
    what: 'its keys count for one account alone',
    remedy: 'Connect the app under Apps, or register a puppet with the app’s right corpSecret.',
  },
  CALLBACK_ACCOUNT_OF_OTHER_CORP: {
    what: 'its account belongs to another corp',
    remedy: 'Compare the corp id in the URL with the corp that the account is registered for.',
  },
  CALLBACK_FROM_MANAGER: {
    what: 'it came from a manager',
    remedy: 'The URL of a bot is a manager’s own callback URL. Give the bot its program’s URL.',
  },
  CALLBACK_ECHO_MALFORMED: noCallback,
  CALLBACK_ENVELOPE_MALFORMED: noCallback,
  CALLBACK_EVENT_MALFORMED: noCallback,
  REQUEST_INVALID: noCallback,
};

/** Of a code that has no words here. */
export const unknown: Refusal = {
  what: 'it was refused',
  remedy: 'Look up the code in the guide, under Errors.',
};
