import type { Paged } from '../../api/answers.js';
import { useBots } from '../../api/bots.js';
import { useCorpNames } from '../../api/names.js';
import type { BotAnswer } from '../../api/answers.gen.js';
import { LinkButton } from '../../components/link-button.js';
import { BotName, CorpName } from '../../components/names.js';
import { Nothing } from '../../components/nothing.js';
import { Page } from '../../components/page.js';
import { PagedTable } from '../../components/paged-table.js';
import type { Tone } from '../../components/state-tag.js';
import type { Column } from '../../components/table.js';
import { Ago } from '../../components/times.js';
import { formatMs, formatNumber } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { pathOf } from '../../shell/paths.js';
import { ALL_OTHERS } from './account-ids.js';
import { BOT_TONES, botState } from './bot-state.js';
import { BotStateLine } from './bot-state-line.js';

export default function BotsPage() {
  const { bots } = t();
  const paged = useBots();
  const names = useCorpNames();
  const add = (
    <LinkButton type="primary" href={pathOf.addBot}>
      {bots.add}
    </LinkButton>
  );
  return (
    <Page title={bots.title} actions={add}>
      <PagedTable<BotAnswer>
        caption={bots.table}
        of={worstFirst(paged)}
        keyOf={({ id }) => id}
        columns={columns(names)}
        empty={<Nothing title={bots.nothing} text={bots.nothingText} />}
      />
    </Page>
  );
}

const RANKS: Readonly<Record<Tone, number>> = { bad: 0, wait: 1, quiet: 2, good: 2 };

/** Whatever needs somebody stands on top of its page, the others by name. */
function worstFirst(paged: Paged<BotAnswer>): Paged<BotAnswer> {
  const { data } = paged.of;
  if (data === undefined) return paged;
  const rankOf = (bot: BotAnswer): number => RANKS[BOT_TONES[botState(bot)]];
  const items = data.items.toSorted((a, b) => rankOf(a) - rankOf(b) || a.name.localeCompare(b.name));
  return { ...paged, of: { ...paged.of, data: { ...data, items } } as typeof paged.of };
}

function columns(names: ReadonlyMap<string, string>): readonly Column<BotAnswer>[] {
  const { bots, common } = t();
  return [
    { key: 'name', head: bots.name, cell: ({ id, name }) => <BotName id={id} name={name} /> },
    { key: 'state', head: bots.state, cell: (bot) => <BotStateLine bot={bot} /> },
    {
      key: 'app',
      head: bots.app,
      width: 170,
      from: 'l',
      cell: ({ corpId }) => <CorpName corpId={corpId} name={names.get(corpId) ?? null} />,
    },
    { key: 'kind', head: bots.kind, width: 190, from: 'xl', cell: kindOf },
    { key: 'accounts', head: bots.accounts, width: 140, from: 'm', cell: accountsOf },
    {
      key: 'taken',
      head: bots.lastTaken,
      width: 120,
      from: 'l',
      cell: ({ lastTakenAt }) => <Ago at={lastTakenAt} />,
    },
    {
      key: 'p95',
      head: bots.p95,
      width: 90,
      from: 'xl',
      isNumber: true,
      cell: ({ lastHour: { p95Ms } }) => (p95Ms === null ? common.none : formatMs(p95Ms)),
    },
  ];
}

export function kindOf({ kind, callback }: BotAnswer): string {
  const { kinds } = t().bots;
  return callback?.form === 'json' ? kinds.json : kinds[kind];
}

/** How many it has, and how many of them get no answer. */
function accountsOf({ openKfIds, accounts }: BotAnswer): string {
  const { bots } = t();
  const isAll = openKfIds.includes(ALL_OTHERS);
  const served = accounts === undefined ? null : Object.values(accounts).reduce((sum, one) => sum + one, 0);
  const count = isAll ? served : openKfIds.length;
  const failing = (accounts?.failing ?? 0) + (accounts?.silent ?? 0);
  const text = count === null ? bots.allOthersShort : formatNumber(count);
  return failing === 0 ? text : bots.accountsFailing(text, formatNumber(failing));
}
