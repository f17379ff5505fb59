/** By where a delivery failed: what that means, and what an operator does about it. */
export const failures = {
  endpoint: {
    what: 'The bot’s address cannot be used',
    remedy:
      'Allow the address in the manager’s PUPPET_ENDPOINT_ALLOW, or correct it: the URL of a bot that was added here, or PUPPET_WXKF_SELF_ENDPOINT of a puppet, which is then restarted so that it registers again.',
  },
  saturated: {
    what: 'Too many deliveries to this address are under way already',
    remedy:
      'The bot answers too slowly for what comes in. Give it more CPU, or spread its accounts over more bots.',
  },
  withdrawn: {
    what: 'No connection to the bot was free in time',
    remedy: 'Nothing if it happens once. If often, the bot answers too slowly: give it more CPU.',
  },
  connect: {
    what: 'The manager cannot reach the bot',
    remedy:
      'Is the bot running? Is its address right as seen from the manager’s host: name, port, firewall, container network? Of one that opens a stream: is a client of it connected? Of an agent: does its service run, and is its URL right?',
  },
  reset: {
    what: 'The connection broke before the bot answered',
    remedy:
      'Look at the bot’s log: it may have crashed or restarted. If something stands between, look at its time-outs.',
  },
  timeout: {
    what: 'The bot did not answer in time',
    remedy:
      'It hangs or has too much to do. A bot should answer at once and do its work afterwards. One that was added here has a longest attempt that can be changed. An agent needs a faster model, or more time for an answer.',
  },
  status: {
    what: 'The bot answered with an HTTP error',
    remedy:
      'Usually the bot’s own answer, so look for the fault in the bot’s log. 404: the path in its address is wrong. 500: often its corp id, token or account id differ from those known here. 3xx, 401, 403 or 502 to 504: something stands in front of it.',
  },
  pull: {
    what: 'The manager could not pull the account’s messages from WeCom',
    remedy:
      'Look at the page WeCom errors, which explains the errcode. 40001 or 42001: correct the bot’s corpSecret. 60020: list the manager’s address at WeCom. It is tried again by itself.',
  },
  wecom_busy: {
    what: 'WeCom allows no further calls for the moment',
    remedy:
      'Nothing: its messages are pulled as soon as WeCom allows it. If it stays, the page WeCom errors says who calls so often.',
  },
  pull_later: {
    what: 'Its messages are pulled in a moment',
    remedy:
      'Nothing: a pull of this account is under way, or so many of its messages wait that none are pulled now.',
  },
  store: {
    what: 'The manager’s store does not answer, or its disk is nearly full',
    remedy:
      'Free space on the disk of DATA_DIR, or look after the database. WeCom keeps the messages for 3 days, and they are pulled then.',
  },
  unpulled: {
    what: 'The bot answered the callback and did not pull its message within 60 s',
    remedy:
      'Its kf/sync_msg does not come to this manager, or is for another account. Set the base of its API to the manager’s address, with the bot’s key.',
  },
  too_long: {
    what: 'The bot’s client does not read messages of this length',
    remedy:
      'It closed its connection with 1009. Let its WebSocket library read frames of 2.2 MB, then send this message again.',
  },
  key: {
    what: 'The service refuses the agent’s key',
    remedy: 'Make a new key there, and set it on the bot’s page. What waits is answered then.',
  },
  quota: {
    what: 'The agent’s quota at its service is used up',
    remedy: 'Top up the account there, or set another one on the bot’s page.',
  },
  busy: {
    what: 'The agent’s service takes no more questions now',
    remedy:
      'It is asked again within a minute. If it stays, raise the limit at the service, or lower the agent’s calls at a time on the bot’s page.',
  },
  reply: {
    what: 'The agent has answered, and WeCom could not be asked to send that',
    remedy: 'Look at the page WeCom errors. The answer is kept, and is sent without asking the agent again.',
  },
  oversized: {
    what: 'The message is longer than 2 MB, so it was not kept',
    remedy: 'No bot can be given it. Look at it in WeCom, and answer the customer there.',
  },
  unregistered: {
    what: 'No bot takes this account',
    remedy:
      'Add a bot for it on the page Bots, or start a puppet with its id that points to this manager. What waits goes out then.',
  },
  offline: {
    what: 'The bot is away: its puppet has deregistered, or no client of it is connected',
    remedy: 'Start it again. What waits goes out when it registers or connects.',
  },
  paused: {
    what: 'The bot is paused, so nothing is sent to it',
    remedy: 'Resume it on its page. What waits goes out then.',
  },
  circuit: {
    what: 'The bot fails again and again, for this account or at all, so only probes are sent',
    remedy:
      'Mend the bot, or its network. What waits goes out within 30 s of its being back, without your doing.',
  },
  pull_held: {
    what: 'WeCom did not give the bot’s messages again and again, so it is asked now and then',
    remedy:
      'Look at the page WeCom errors, which explains the errcode. What waits goes out within 30 s of WeCom giving them again.',
  },
  registering: {
    what: 'The puppet is registering just now',
    remedy: 'Nothing to do: what waits goes out right after.',
  },
  late: {
    what: 'WeCom’s answer was due before the bot had answered',
    remedy: 'Usually nothing: it was kept to be safe. If often, the bot is slow.',
  },
  elsewhere: {
    what: 'Another replica has the connection of the bot',
    remedy:
      'Nothing: that replica sends it within a second. If it stays, that replica has died; its bot connects again.',
  },
  overloaded: {
    what: 'The manager had too many deliveries under way',
    remedy: 'Nothing if it passes. If it stays, add a replica, or look for bots that answer slowly.',
  },
  resync: {
    what: 'It waits its turn: WeCom allows few pulls in a minute for what waited longer than ten minutes',
    remedy: 'Nothing: six accounts of a corp go out each minute, those that are due first.',
  },
  expired: {
    what: 'No bot took it within 3 days',
    remedy:
      'WeCom keeps messages for 3 days. Mend the bot, then send this again: it pulls what is still there.',
  },
};
