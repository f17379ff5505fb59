/** A bot that answers each message with the number of its texts, and gives customers who ask for a person to people. */
import process from 'node:process';
import { connect } from '@wxkf/client';

const { WXKF_MANAGER = '', WXKF_KEY = '', CORP_SECRET = '' } = process.env;
const bot = connect({ manager: WXKF_MANAGER, key: WXKF_KEY, clientId: 'people', corpSecret: CORP_SECRET });

bot.on('message', async (event) => {
  const { text } = event.message;
  if (text === undefined) return;
  if (text.content.includes('人工')) await bot.handOver(event, 'A person will answer you.');
  else await bot.reply(event, `You wrote ${Math.max(1, event.merged.length)} texts.`);
});

process.once('SIGTERM', () => bot.close());
process.once('SIGINT', () => bot.close());
