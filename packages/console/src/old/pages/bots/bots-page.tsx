import { listBots } from '../../api/bots.js';
import { Empty } from '../../components/empty.js';
import { Page } from '../../components/page.js';
import { PagedList } from '../../components/paged-list.js';
import { usePaged } from '../../data/paged.js';
import { t } from '../../i18n/language.js';
import { BotCard } from './bot-card.js';

export function BotsPage() {
  const { bots } = t();
  const paged = usePaged('bots', listBots);
  const add = (
    <a class="button primary" href="/console/bots/add">
      {bots.add}
    </a>
  );
  const isEmpty = paged.data?.items.length === 0;
  return (
    <Page title={bots.title} intro={bots.intro} actions={!isEmpty && add}>
      <PagedList
        of={paged}
        empty={
          <Empty title={bots.nothing} text={bots.nothingText}>
            <div class="actions">
              {add}
              <a class="button" href="/console/kf-accounts">
                {bots.toPuppets}
              </a>
            </div>
          </Empty>
        }
      >
        {(list) => (
          <div class="cards">
            {list.map((bot) => (
              <BotCard key={bot.id} bot={bot} onChange={paged.refresh} />
            ))}
          </div>
        )}
      </PagedList>
    </Page>
  );
}
