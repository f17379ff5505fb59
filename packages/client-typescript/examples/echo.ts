/** A bot without an address: it answers each text with the same text. */
import process from 'node:process';
import { connect } from '@wxkf/client';

const { WXKF_MANAGER = '', WXKF_KEY = '', CORP_SECRET = '' } = process.env;
const bot = connect({ manager: WXKF_MANAGER, key: WXKF_KEY, clientId: 'echo', corpSecret: CORP_SECRET });

bot.on('message', async (event) => {
  const { msgtype, text } = event.message;
  if (msgtype === 'text' && text !== undefined) await bot.reply(event, text.content);
});

process.once('SIGTERM', () => bot.close());
process.once('SIGINT', () => bot.close());
