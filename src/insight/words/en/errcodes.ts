export interface ErrcodeWords {
  readonly what: string;
  readonly remedy: string;
}

/** WeCom's documented codes (developer.work.weixin.qq.com/document/path/90313) that concern this service and its bots. */
export const errcodes: Readonly<Record<string, ErrcodeWords>> = {
  '-1': {
    what: 'WeCom was busy',
    remedy: 'Nothing: the manager asks for tokens again by itself. Callers of the API try again a few times.',
  },
  '40001': {
    what: 'The app’s secret is wrong',
    remedy:
      'Copy the app’s Secret from WeCom’s admin page into the bot’s program, or into its settings here if it takes messages, and restart the program. Do not let it loop: WeCom bans the address.',
  },
  '40007': {
    what: 'The media_id of the message is not valid',
    remedy: 'It is good for 3 days, and in its own corp alone: let the bot upload the file again.',
  },
  '40008': {
    what: 'The msgtype of the message is not one that WeCom sends',
    remedy:
      'Correct the bot: kf/send_msg takes text, image, voice, video, file, link, msgmenu and a few more.',
  },
  '40013': {
    what: 'The corp id is wrong',
    remedy: 'Compare the puppet’s corp id with WeCom’s admin page, upper and lower case too.',
  },
  '40014': {
    what: 'The access token is not valid',
    remedy:
      'The manager fetches a new one. If it stays, a caller sends a token that it did not get from here.',
  },
  '40035': {
    what: 'A parameter of the call is missing or wrong',
    remedy: 'The caller has to be corrected; WeCom’s errmsg in its log names the parameter.',
  },
  '40058': {
    what: 'A parameter of the call is wrong',
    remedy: 'The caller has to be corrected; WeCom’s errmsg in its log names the parameter.',
  },
  '40091': {
    what: 'The secret is not one of this corp',
    remedy: 'Corp id and secret belong to different companies or apps; compare both.',
  },
  '40096': {
    what: 'The customer’s id (external_userid) is not valid',
    remedy:
      'The bot has to reply to the external_userid of the message, which is good in its own corp alone.',
  },
  '41001': {
    what: 'The call had no access token',
    remedy: 'The caller has to add access_token, or let the manager do so.',
  },
  '41002': { what: 'The request had no corp id', remedy: 'Set the corp id of the puppet.' },
  '41004': { what: 'The request had no secret', remedy: 'Set the corp secret of the puppet.' },
  '42001': {
    what: 'The access token has expired',
    remedy: 'Nothing: the manager fetches a new one and the call is made again.',
  },
  '44004': {
    what: 'The text of the message is empty',
    remedy: 'Correct the bot: where it has nothing to say, it sends nothing.',
  },
  '45002': {
    what: 'The message is too long',
    remedy: 'A text has 2,048 bytes at most: let the bot split it.',
  },
  '45009': {
    what: 'Too many calls within a minute or an hour',
    remedy:
      'Wait until the block is over. If it comes back, look for a bot that pulls without the sync token of an event, or with an old one: the page of WeCom errors names it.',
  },
  '45033': {
    what: 'Too many calls of one API at the same time',
    remedy: 'Let the caller send fewer at a time.',
  },
  '48002': {
    what: 'The app may not call this API, or not for this account',
    remedy:
      'Allow it in WeCom’s admin page: WeChat Customer Service → apps that may call the API, and tick the account there. Of several apps, the bot needs the Secret of the one that has the account.',
  },
  '50003': { what: 'The app is disabled', remedy: 'Enable it in WeCom’s admin page.' },
  '60020': {
    what: 'The manager’s address is not trusted',
    remedy:
      'Add its public address to the app’s trusted IPs (企业可信IP). It takes effect about a minute later.',
  },
  '95000': {
    what: 'The account id is not valid',
    remedy: 'Compare the puppet’s open_kfid with the account in WeCom.',
  },
  '95001': {
    what: 'The limit of messages to this customer is reached',
    remedy: 'At most 5 replies per message of the customer, within 48 hours.',
  },
  '95002': {
    what: '48 hours have passed since the customer wrote',
    remedy: 'Nothing can be sent before the customer writes again.',
  },
  '95004': {
    what: 'There is no such customer-service account',
    remedy: 'It was deleted, or belongs to another corp. Compare the open_kfid.',
  },
  '95011': {
    what: 'WeChat Customer Service is in use inside WeCom',
    remedy: 'Decide in WeCom’s admin page whether people or the API answer.',
  },
  '95012': { what: 'WeChat Customer Service is not in use', remedy: 'Enable it in WeCom’s admin page.' },
  '95013': {
    what: 'The session with the customer has ended',
    remedy: 'Nothing can be sent before the customer writes again.',
  },
  '95017': {
    what: 'The API of WeChat Customer Service is not enabled',
    remedy: 'Enable it: WeChat Customer Service → API.',
  },
  '95018': {
    what: 'The state of the conversation does not allow sending',
    remedy:
      'A person has taken it over or it has ended; or the corp is not verified. Only conversations with the bot take replies.',
  },
  '95026': {
    what: 'This customer takes no more messages now',
    remedy: 'At most 5 replies per message of the customer, within 48 hours.',
  },
  '301002': {
    what: 'The token is one of another app',
    remedy: 'The caller mixes up tokens of two apps; one token per corp and secret.',
  },
};
