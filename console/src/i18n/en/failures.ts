/** By where a delivery failed: what that means, and what an operator does about it. */
export const failures = {
  endpoint: {
    what: 'The registered address cannot be used',
    remedy:
      'Correct PUPPET_WXKF_SELF_ENDPOINT of the puppet, or allow its address in the manager’s PUPPET_ENDPOINT_ALLOW. Restart the puppet so that it registers again.',
  },
  saturated: {
    what: 'Too many deliveries to this address are under way already',
    remedy:
      'Its puppet answers too slowly for what comes in. Give it more CPU, or spread its accounts over more puppets.',
  },
  withdrawn: {
    what: 'No connection to the puppet was free in time',
    remedy: 'Nothing if it happens once. If often, its puppet answers too slowly: give it more CPU.',
  },
  connect: {
    what: 'The manager cannot reach the puppet’s address',
    remedy:
      'Is the puppet running? Is its address right as seen from the manager’s host: name, port, firewall, container network?',
  },
  reset: {
    what: 'The connection broke before the puppet answered',
    remedy:
      'Look at the puppet’s log: it may have crashed or restarted. If something stands between, look at its time-outs.',
  },
  timeout: {
    what: 'The puppet did not answer within 5 s',
    remedy: 'It hangs or has too much to do. A puppet should answer at once and do its work afterwards.',
  },
  status: {
    what: 'The puppet answered with an error',
    remedy:
      'Look at the puppet’s log. 404: the path in its address is wrong. 500: often its corp id, token or account id differ from what it registered. 3xx, 401 or 403: something stands in front of it.',
  },
  unregistered: {
    what: 'No puppet has registered for this account',
    remedy:
      'Start a puppet with this account’s id that points to this manager. What waits goes out when it registers.',
  },
  offline: {
    what: 'The puppet has deregistered',
    remedy: 'Start it again. What waits goes out when it registers.',
  },
  circuit: {
    what: 'The puppet’s address fails, so only probes are sent',
    remedy:
      'Mend the puppet, or its network. What waits goes out within 30 s of its being back, without your doing.',
  },
  registering: {
    what: 'The puppet is registering just now',
    remedy: 'Nothing to do: what waits goes out right after.',
  },
  late: {
    what: 'WeCom’s answer was due before the puppet had answered',
    remedy: 'Usually nothing: it was kept to be safe. If often, the puppet is slow.',
  },
  overloaded: {
    what: 'The manager had too many deliveries under way',
    remedy: 'Nothing if it passes. If it stays, add a replica, or look for puppets that answer slowly.',
  },
  expired: {
    what: 'No puppet took it within 3 days',
    remedy:
      'WeCom keeps messages for 3 days. Mend the puppet, then send this again: it pulls what is still there.',
  },
};
