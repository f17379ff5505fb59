import { plural } from './plural.js';

export const bots = {
  title: 'Bots',
  intro:
    'Programs that answer customers, each with accounts and a key of its own. Puppets that register by themselves are on the page Kf accounts.',
  add: 'Add a bot',
  nothing: 'No bot is added yet',
  nothingText:
    'A bot is any program that answers customers: one that takes WeCom’s callbacks itself, such as LangBot or AstrBot, is added here and stays as it is. A puppet is a bot that speaks this manager’s own protocol and registers by itself; it needs no entry here, and is seen with its accounts on the page Kf accounts.',
  toPuppets: 'See puppets and their accounts',
  toList: 'All bots',
  gone: 'There is no such bot',
  goneText: 'It was deleted, or the address is mistyped.',
  states: {
    people: 'Left to people',
    faulty: 'Cannot be sent to',
    circuitOpen: 'Keeps failing',
    away: 'Not connected',
    unpulled: 'Does not pull',
    takes: 'Takes events',
    takesMessages: 'Takes messages',
    unknown: 'Nothing taken yet',
  },
  stateText: {
    people: 'People serve these accounts. Their events go to nobody and wait for nobody.',
    faulty: 'Nothing is sent to it until this is mended. Its events are kept.',
    circuitOpen:
      'It does not answer, or refuses what it gets. What comes in for it is kept, and goes out when it takes something again.',
    away: 'No client of it is connected. What comes in for its accounts is kept, and goes out as soon as one connects.',
    unpulled:
      'It answers, and does not pull its messages, which wait. Set the base of its API to this manager’s address, with its key.',
    takes: 'It takes the events of its accounts.',
    takesMessages: 'It takes the messages of its accounts.',
    unknown: 'It was not seen to take an event.',
  },
  facts: 'What it is',
  fault: 'Fault',
  kind: 'Kind',
  kinds: {
    callback: 'takes WeCom’s callbacks',
    puppet: 'puppet',
    stream: 'opens a stream',
    none: 'no bot: people',
  },
  name: 'Name',
  nameHint: 'Only for you, such as “Support bot”.',
  corpId: 'Corp id',
  corpIdHint:
    'In WeCom’s admin page: My Enterprise → Enterprise information → Enterprise ID, such as ww1234567890abcdef.',
  accounts: 'Accounts',
  accountsHint: 'Account ids (open_kfid), one on each line; or * for all others of the corp.',
  moreAccounts: (count: number) => `and ${plural(count, 'more', 'more')}`,
  address: 'URL',
  addressChange:
    'Where the program takes callbacks, as this manager reaches it. A query is shown as ***, and stays while nothing is changed here.',
  registersItself: 'registers itself',
  connectsItself: 'none: it connects itself',
  headers: 'Extra headers',
  calls: 'Calls WeCom',
  apis: {
    manager: 'by the manager’s address',
    tunnel: 'through the manager’s tunnel',
    direct: 'from its own address',
  },
  apiText: {
    manager: 'Its base URL of WeCom’s API can be set.',
    tunnel: 'Its base URL is fixed, but it obeys HTTPS_PROXY. TUNNELS=true has to be set in the manager.',
    direct: 'Its own address is on WeCom’s list of trusted IPs.',
  },
  clients: 'Connected clients',
  clientsOf: (name: string) => `Clients of ${name}`,
  noClients: 'None is connected. Its events are kept, and go out as soon as one is.',
  moreClients: (shown: number) => `These are the first ${shown}.`,
  roles: { active: 'active', standby: 'stands by' },
  connected: 'since',
  from: 'from',
  underWay: 'under way',
  given: 'Is given',
  takes: { event: 'Events', message: 'Messages' },
  takesText: {
    event:
      'For a program that keeps how far it has read. It is told that there is something new, and pulls it from WeCom itself.',
    message:
      'For a program that forgets how far it has read. The manager pulls, keeps each message, and gives it out once and in order. It needs the Secret of the app, and SECRETS_KEY in the manager. A puppet has to register with takes: message, which wechaty-puppet-wxkf 0.0.17 does not.',
  },
  recommended: (what: string) => `${what} (recommended)`,
  orders: {
    account: 'one after the other of each account',
    customer: 'one after the other; one that is not taken holds up its customer alone',
  },
  withServicers: 'also what persons who serve write',
  since: 'sent since',
  signingSecret: 'Signing secret',
  signingSecretText:
    'The manager signs each message with it, as Standard Webhooks says. The puppet verifies webhook-signature.',
  lastTaken: 'Last taken',
  notTaken: 'nothing seen',
  verify: 'Verify',
  verifyOf: (name: string) => `Verify ${name}`,
  verifying: 'Asking it …',
  verifyText: 'Asks the program what WeCom asks when a callback URL is saved. It changes nothing.',
  findings: {
    verified: { what: 'It is verified', remedy: 'Nothing to do.' },
    address: {
      what: 'Its URL may not be called',
      remedy: 'Correct its URL, or allow the address in the manager’s PUPPET_ENDPOINT_ALLOW.',
    },
    noAnswer: {
      what: 'It did not answer',
      remedy: 'Start the program. Compare host and port of the URL, as seen from the manager’s host.',
    },
    noName: {
      what: 'The host of its URL has no address',
      remedy: 'Compare the spelling of the host, and whether the manager’s host can look it up.',
    },
    noTls: {
      what: 'No secure connection was made',
      remedy: 'Compare http and https in the URL. With https the certificate has to be valid for the host.',
    },
    broken: {
      what: 'It is there and broke the connection',
      remedy: 'The program’s own log says why. Compare http and https in the URL.',
    },
    late: {
      what: 'It is there and said nothing in time',
      remedy: 'The program’s own log says what it waits for.',
    },
    header: {
      what: 'It asks for a header',
      remedy:
        'The reason names it. Change the bot’s callback.headers with the API, or add the bot anew with that header.',
    },
    path: {
      what: 'It answers, but not at this path',
      remedy: 'Compare the path of the URL with the one that the program listens at.',
    },
    refused: {
      what: 'It refuses the question',
      remedy:
        'Paste Token and EncodingAESKey into the program once more, and compare the corp id. Restart it if it reads its settings only at its start.',
    },
    wrongAnswer: {
      what: 'Something else answers',
      remedy: 'Compare the path of the URL, then Token, EncodingAESKey and corp id in the program.',
    },
  },
  change: 'Change',
  changeOf: (name: string) => `Change ${name}`,
  changed: (name: string) => `${name} is changed.`,
  timeout: 'Longest attempt, milliseconds',
  timeoutHint:
    '500 to 10,000. A program that pulls messages before it answers needs more than a second. WeCom itself is answered within a second all the same.',
  save: 'Save',
  saving: 'Saving …',
  newKey: 'New key',
  newKeyOf: (name: string) => `New key for ${name}`,
  newKeyText:
    'Makes another key, in case the current one has become known or is lost. Token and EncodingAESKey stay.',
  overlap: 'The current key stays valid for',
  overlaps: { '3600': '1 hour', '86400': '1 day', '604800': '7 days', '0': 'no longer: it ends at once' },
  makeKey: 'Make a new key',
  makingKey: 'Making it …',
  keyIn:
    'Replace the old key in the program’s settings. This is the new one, in every form that a setting may need:',
  remove: 'Delete',
  removeOf: (name: string) => `Delete ${name}`,
  removeAsk: (name: string) => `Delete ${name}?`,
  removeWhat:
    'Its key ends at once, and it gets no more events. Its accounts are again those of whoever has registered them; what waits for them stays.',
  removeRun: 'Delete it',
  removed: (name: string) => `${name} is deleted.`,
  problems: {
    REQUEST_INVALID: 'Something in this is not right.',
    BOT_ACCOUNT_TAKEN: 'Another bot has one of these accounts.',
    BOT_CHANGED: 'Somebody else has just changed this bot.',
    BOT_CLOSED: 'The secrets of this bot cannot be opened, so that it cannot be changed.',
    BOTS_FULL: 'There are too many bots.',
    WECOM_REFUSED: 'WeCom does not let the manager ask about the Secret.',
    WECOM_UNREACHABLE: 'WeCom cannot be asked about the Secret just now.',
  },
  stepOf: (step: number, steps: number) => `Step ${step} of ${steps}.`,
  stepTitles: { program: 'Add a bot', accounts: 'Corp and accounts', address: 'Where it is reached' },
  stepText: {
    program: 'The program stays as it is. The last step says what to put into which of its settings.',
    accounts: 'A bot belongs to one corp. Each of its accounts has one bot.',
    address: 'What the program is given, and where.',
  },
  next: 'Continue',
  back: 'Back',
  program: 'Which program is it?',
  untitled: { other: 'Another program', noAddress: 'A program without an address', people: 'No bot' },
  programText: {
    langbot: 'Adapter for WeCom customer service. Its base URL can be set.',
    astrbot: 'Adapter wecom with customer service. It needs the manager’s address and its tunnel.',
    cowagent: 'Channel wechat_kf. It calls WeCom through the tunnel.',
    openclaw: 'Plugins of openclaw-china and others. Their base URL can be set.',
    difyOnWechat: 'Channel wechatcom_service. It calls WeCom through the tunnel.',
    pandawiki: 'Bot for WeCom customer service. It calls WeCom through the tunnel.',
    puppet: 'Registers itself, here with a key that is good for its own accounts only.',
    other: 'Anything that takes WeCom’s callbacks.',
    noAddress: 'On a laptop or behind NAT. It, or a command beside it, connects to this manager.',
    people: 'People serve the accounts in WeCom. Nothing is sent, nothing waits, and nothing alarms.',
  },
  theseAccounts: 'These accounts',
  allOthers: 'All others of the corp (*)',
  allOthersText: 'Every account that no other bot and no registration has, also one that is made later.',
  registered: 'Accounts of this corp',
  accountIds: 'Account ids (open_kfid)',
  accountIdsHint: 'One on each line, such as wkAJ2GCAAAZSfhHCt7IFSvLKtMPxyJTA.',
  addressHints: {
    langbot:
      'LangBot shows it as “Webhook callback URL” in its bot. Replace the host if LangBot runs elsewhere.',
    astrbot:
      'AstrBot shows it at the adapter, in unified webhook mode. Replace the host if AstrBot runs elsewhere.',
    cowagent: 'CowAgent listens at /wxkf/, on port 9888. Replace the host if CowAgent runs elsewhere.',
    openclaw: 'The address of OpenClaw’s gateway, with the plugin’s webhookPath.',
    difyOnWechat: 'dify-on-wechat listens at /wxcomapp, on port 9898. Replace the host if it runs elsewhere.',
    pandawiki: 'PandaWiki shows it as “回调地址” in the settings of the bot.',
    puppet: '',
    people: '',
    noAddress: '',
    other: 'Where the program takes callbacks, as this manager reaches it, with its path and query.',
  },
  noAddress: 'It says itself where it is reached, when it registers. There is nothing to fill in.',
  connectsText:
    'It opens a connection to this manager and gets its events over that. There is no address to fill in.',
  noBotText:
    'People serve these accounts. Their events go to nobody and wait for nobody, until you delete this entry.',
  leftToPeople: (name: string) => `${name}: left to people.`,
  header: (name: string) => `Header ${name}`,
  headerHint: 'Each callback is sent with it. In PandaWiki it is the id of the knowledge base.',
  corpSecret: 'Secret of the app in WeCom',
  corpSecretOptional: 'Secret of the app in WeCom (optional)',
  corpSecretPulls:
    'The manager pulls messages with it. It asks WeCom whether the Secret is right before it adds the bot.',
  corpSecretHint:
    'Needed if the program gets access tokens from WeCom directly and uses them at the manager’s address: by it the manager recognizes them.',
  addRun: 'Add the bot',
  adding: 'Adding it …',
  added: (name: string) => `${name}: paste this into the program`,
  addedIntro: 'Paste, restart the program, verify, and write to it as a customer would.',
  paste: (program: string) => `Settings of ${program}`,
  places: {
    langbotForm: 'LangBot → Bots → adapter 企业微信客服 (WeComCustomerService)',
    astrbotForm: 'AstrBot → Bots → adapter wecom (企业微信)',
    pandawikiForm: 'PandaWiki → Settings → 企业微信客服',
    configFile: 'config.json',
    openclawFile: 'openclaw.json, under channels → wecom-kf',
    environment: 'Environment of its process',
    shell: 'A shell on its machine',
    any: 'Its settings',
  },
  fillings: {
    corpId: 'Corp id',
    account: 'Account id (open_kfid)',
    token: 'Token',
    encodingAESKey: 'EncodingAESKey',
    key: 'Key',
    cgiBinBase: 'Base URL that ends in /cgi-bin',
    hostBase: 'Base URL without /cgi-bin',
    proxy: 'HTTPS_PROXY',
    noProxy: 'NO_PROXY',
    puppetEndpoint: 'PUPPET_WXKF_MANAGER_ENDPOINT',
    connect: 'The command that connects',
    path: 'Path',
    port: 'Port',
  },
  byHand: {
    secret: 'the Secret of the app in WeCom’s admin page',
    account: 'the id of the account that it answers for',
    accountName: 'the name of the account in WeCom, not its id',
    agentId: 'the AgentId of the app in WeCom’s admin page',
    selfEndpoint: 'the puppet’s own address, as this manager reaches it',
    appToken: 'the Token of the app in WeCom’s callback settings',
    appKey: 'the EncodingAESKey of the app in WeCom’s callback settings',
  },
  managerAddress: 'Address of this manager',
  managerAddressHint:
    'As the program’s host reaches it. Change it if that is not the address in your browser, such as http://wxkf-manager:7777.',
  once: 'What is secret in these settings is shown this once. Copy it before you leave; afterwards only a new key can be made, and token, EncodingAESKey and signing secret need a new bot.',
  leaveAsk: 'Leave without these secrets?',
  leaveRun: 'Leave',
  keyAlone: 'The key by itself',
  keyAloneText:
    'It opens, for this corp alone: the registration of the bot’s accounts, access tokens together with the right corp secret, and WeCom’s APIs under kf/ and media/. No key can keep apart what an access token opens at WeCom, since it is the whole app’s; and inside a tunnel nothing is seen.',
  mindThis: (program: string) => `What to know of ${program}`,
  notes: {
    addressAfterSave:
      'It shows its URL once the bot is saved there. If the URL here is not that one, correct it by the link beside Verify.',
    langbotOlder: 'Older versions listen at /callback/command, on a port of their own.',
    unifiedWebhook:
      'With unified_webhook_mode switched off it listens at /callback/command, on port 6195 unless set otherwise.',
    kfName: 'Without kf_name customer service is off, and every event is dropped.',
    baseAndTunnel:
      'It gets access tokens from WeCom directly, whatever api_base_url says. So it needs both: the base URL for its calls and the tunnel for its access tokens.',
    ownProxy:
      'Leave its own setting http_proxy empty, and give it an address of the manager that begins with http://: else its calls to the manager go into the tunnel, too, and are refused.',
    firstSkipped:
      'On its first event it only notes where to begin: the first message of each account is not answered, the second one is.',
    fixedPath: 'Its path is fixed; its port is that of the URL above.',
    oneAccount:
      'One instance answers for one account. Add a bot for each account, or an entry for each in its settings.',
    openKfId:
      'It answers for every account of this bot. Of the one in openKfId it skips, at its first start, what was written before.',
    knowledgeBase:
      'It needs the header X-KB-ID with each callback; the manager sends the one that you entered.',
    enablePandawiki: 'Choose 启用 at 企业微信客服 first; the settings appear then.',
    lastOnly:
      'It answers only the last of several messages that come at once, and misses those that came while it was down.',
    forgetsCursor:
      'It keeps in memory how far it has read. The manager knows that after a restart, but messages that it had pulled and not answered are lost.',
    tunnelsOn:
      'TUNNELS=true has to be set in the manager. An Ingress passes no tunnel: name the manager’s own address above.',
    proxyForAll:
      'HTTPS_PROXY counts for everything that the program calls, and the manager lets only WeCom through. Add the host of its model to NO_PROXY.',
    keepConnecting:
      'Replace the address at the end by the one where the program takes callbacks on its own machine, and keep the command running. A program that speaks the stream itself needs the key alone.',
    centerEndpoint: 'Some versions call the first setting PUPPET_WXKF_MANAGER_CENTER_ENDPOINT.',
  },
  correctUrl: 'Correct its URL in a new tab',
  stepVerified: 'The program is verified',
  stepVerifiedWait: 'Start the program with these settings, then press Verify.',
  stepVerifiedHelp: [
    'The manager must reach its URL: compare host, port and path.',
    'Paste Token and EncodingAESKey whole and without blanks, and restart the program.',
  ],
  stepConnected: 'It is connected',
  stepConnectedWait: 'Run the command on its machine.',
  stepConnectedHelp: [
    'The command says why it cannot connect.',
    'A proxy in between has to pass WebSockets on.',
  ],
  stepTaken: 'It has taken a first message',
  stepTakenWait: 'Waiting for a first message. Write to the account as a customer would.',
  stepTakenHelp: {
    callback: [
      'The app must be connected on the page Apps, and WeCom’s callback URL must point to this manager.',
      'The account must be one of this bot’s.',
    ],
    puppet: [
      'The puppet must have registered: its account is on the page Kf accounts then.',
      'A registration that is refused is in the manager’s log, with the reason.',
    ],
  },
  done: 'Done: its events reach the program.',
};
