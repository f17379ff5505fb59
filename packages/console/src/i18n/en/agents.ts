export const agents = {
  title: 'Agent: the service that answers',
  added: (name: string) => `${name} is added. Write to its account: it answers from now on.`,
  changed: (name: string) => `The agent of ${name} is changed.`,
  save: 'Save the agent',
  service: 'Which service answers?',
  forms: { dify: 'Dify', fastgpt: 'FastGPT', coze: 'Coze', openai: 'OpenAI’s form' },
  formText: {
    dify: 'A chatbot, an agent or a chatflow that is published.',
    fastgpt: 'An application with an API key of its own.',
    coze: 'A bot that is published to the channel API.',
    openai: 'A model: DeepSeek, Qwen, Kimi, or your own on Ollama or vLLM.',
  },
  url: 'URL of its API',
  urlHints: {
    dify: 'The application’s page “API Access” shows it. It ends in /v1.',
    fastgpt: 'The page “API access” of the application shows it. It ends in /api/v1.',
    coze: 'https://api.coze.cn, or https://api.coze.com for a bot that was made there.',
    openai: 'The base, without /chat/completions. A local Ollama has http://127.0.0.1:11434/v1.',
  },
  key: 'Key of its API',
  newKey: 'Another key of its API (leave empty to keep it)',
  keyHints: {
    dify: 'It begins with app-. It is sealed, and never shown again.',
    fastgpt: 'It begins with fastgpt-, and is of this application. It is sealed, and never shown again.',
    coze: 'A personal access token with the permission “chat”. It is sealed, and never shown again.',
    openai: 'Any text where the service asks for none. It is sealed, and never shown again.',
  },
  model: 'Model',
  modelHint: 'As the service names it.',
  botId: 'Id of the bot at Coze',
  botIdHint: 'The number at the end of the address of the bot’s page.',
  test: 'Test',
  testing: 'Asking it …',
  testText: 'Asks the service now. No customer is sent anything, and nothing is kept.',
  question: 'A question for a test',
  aQuestion: 'Hello, who are you?',
  answer: 'The answer, as a customer would see it',
  duration: 'Time of the service',
  tokens: 'Tokens',
  results: {
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
      remedy:
        'Compare service and URL: something else may answer there. Otherwise look at the service’s log.',
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
  },
  answers: 'Texts besides its answers',
  fallback: 'To a customer who waits',
  fallbackHint:
    'Sent once if the answer takes long; the answer follows all the same. Empty: nothing is sent.',
  fallbackAfterS: 'Wait before it is sent, seconds',
  unsupported: 'To a picture, a voice or a file',
  unsupportedHint: 'Sent once a minute at most. Empty: nothing is sent.',
  advanced: 'Conversation, hand-over and limits',
  reset: 'Words that begin a new conversation',
  resetHint: 'A customer who sends one of them is no longer known to the service.',
  history: 'Questions that go along',
  historyHint:
    '0 to 20 of the customer’s last questions, with their answers, since such a model remembers nothing. They are kept sealed, for 48 hours.',
  handOverMark: 'Mark that hands over to people',
  handOverMarkHint:
    'An answer with this text hands the customer over; the text itself is not sent. It needs “Customers can ask for a person” among the sessions below, with the text “If nobody is serving”.',
  handOverMarkFault:
    'First save “Customers can ask for a person” with the text “If nobody is serving”, among the sessions below. At most 128 bytes.',
  timeoutMs: 'Longest answer, milliseconds',
  timeoutHint: '1,000 to 300,000.',
  concurrency: 'Calls at a time',
  concurrencyHint: '1 to 100, over all accounts of this bot and by each manager process.',
};
