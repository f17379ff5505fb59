export const agentResults = {
  answered: { what: 'The service answers', remedy: 'Nothing to do.' },
  key: {
    what: 'The service refuses the key',
    remedy:
      'Make a new key at the service, and enter it for the agent. Compare the URL, too: a key is of one service.',
  },
  quota: {
    what: 'The quota at the service is used up',
    remedy: 'Top up the account there, or enter the key of another one.',
  },
  busy: {
    what: 'The service takes no more questions right now',
    remedy:
      'Try again in a minute. If it stays, raise the limit at the service, or lower the calls at a time.',
  },
  absent: {
    what: 'Nothing is at this URL (404)',
    remedy:
      'Does it end in /v1? For all but Coze it does. Of OpenAI’s form, compare the name of the model, too.',
  },
  unpublished: {
    what: 'The service does not have what is asked for',
    remedy: 'Publish the application there for its API. Compare URL, model and id of the bot.',
  },
  conversation: {
    what: 'The service does not know the conversation',
    remedy: 'Try again: each test begins a new one.',
  },
  filtered: {
    what: 'The service withholds its answer',
    remedy: 'Its own filter did that. Ask something else, or look at the application there.',
  },
  empty: {
    what: 'The answer has no text',
    remedy: 'Look at the application there: a customer can be sent text alone.',
  },
  refused: {
    what: 'The service gives no answer',
    remedy: 'The reason has its own code. Compare service and URL, and look at the application there.',
  },
  connect: {
    what: 'The service cannot be reached',
    remedy: 'Compare host, port and http or https of the URL, as seen from the manager’s host.',
  },
  reset: {
    what: 'The answer broke off',
    remedy: 'Compare service and URL: something else may answer there. Otherwise look at the service’s log.',
  },
  timeout: {
    what: 'No whole answer came in time',
    remedy: 'Take a faster model, or let an answer take longer: that is among the bot’s settings.',
  },
  saturated: {
    what: 'Too many questions to this service are under way',
    remedy: 'Try again in a minute.',
  },
  withdrawn: { what: 'No connection was free in time', remedy: 'Try again in a minute.' },
};
