import { ArrowLeftOutlined } from '@ant-design/icons';
import { Skeleton } from 'antd';
import { Link } from 'wouter';
import { ApiError } from '../../api/api-error.js';
import { useBot } from '../../api/bots.js';
import type { BotAnswer } from '../../api/answers.gen.js';
import { Loaded } from '../../components/loaded.js';
import { Nothing } from '../../components/nothing.js';
import { Page } from '../../components/page.js';
import { t } from '../../i18n/language.js';
import { PAGES } from '../../shell/paths.js';
import { BotAgent } from './agents/bot-agent.js';
import { BotAccounts } from './bot-accounts.js';
import { BotClients } from './bot-clients.js';
import { BotFacts } from './bot-facts.js';
import { BotHealth } from './bot-health.js';
import { BotKey } from './bot-key.js';
import { BotSettings } from './bot-settings.js';
import { PauseButton } from './pause-button.js';
import { RemoveBot } from './remove-bot.js';
import { BotSessions } from './sessions/bot-sessions.js';
import { VerifyBot } from './verify-bot.js';

export default function BotPage({ params: { id = '' } }: { readonly params: { readonly id?: string } }) {
  const { bots } = t();
  const answer = useBot(id);
  const isUnknown = answer.error instanceof ApiError && answer.error.code === 'BOT_NOT_FOUND';
  const bot = isUnknown ? undefined : answer.data;
  return (
    <>
      <BackToBots />
      <Page
        title={bot?.name ?? bots.title}
        actions={bot !== undefined && bot.kind !== 'none' && <PauseButton bot={bot} />}
      >
        {isUnknown ? (
          <Nothing title={bots.gone} text={bots.goneText} />
        ) : (
          <Loaded of={answer} skeleton={<Skeleton active paragraph={{ rows: 12 }} />}>
            {(data) => <Bot bot={data} />}
          </Loaded>
        )}
      </Page>
    </>
  );
}

/** What is wrong comes first, what is rarely needed last. */
function Bot({ bot }: { readonly bot: BotAnswer }) {
  return (
    <>
      <BotHealth bot={bot} />
      <BotAccounts bot={bot} />
      <div className="columns">
        <BotSettings key={bot.id} bot={bot} />
        <div className="column">
          <BotFacts bot={bot} />
          {bot.kind === 'callback' && bot.callback?.form !== 'json' && <VerifyBot bot={bot} />}
          {(bot.kind === 'stream' || bot.clients > 0) && <BotClients bot={bot} />}
          {bot.kind !== 'none' && bot.kind !== 'agent' && <BotKey bot={bot} />}
          <RemoveBot bot={bot} />
        </div>
      </div>
      {bot.agent !== null && <BotAgent key={`agent ${bot.id}`} bot={bot} agent={bot.agent} />}
      {bot.takes === 'message' && <BotSessions key={bot.id} bot={bot} />}
    </>
  );
}

export function BackToBots() {
  return (
    <Link href={PAGES.bots} className="back">
      <ArrowLeftOutlined /> {t().bots.toList}
    </Link>
  );
}
