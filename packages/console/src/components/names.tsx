import { Link } from 'wouter';
import { t } from '../i18n/language.js';
import { pathOf } from '../shell/paths.js';
import { CopyButton } from './copy.js';

interface AccountNameProps {
  readonly corpId: string;
  readonly openKfId: string;
  readonly name: string | null;
}

/** Leads to the account's page; its id is copied by the button. */
export function AccountName({ corpId, openKfId, name }: AccountNameProps) {
  return (
    <span className="name">
      <Link href={pathOf.account(corpId, openKfId)} title={name || openKfId}>
        {name || openKfId}
      </Link>
      <CopyButton value={openKfId} what={t().common.accountId} />
    </span>
  );
}

/** Leads to the bot's page; its id is copied by the button. */
export function BotName({ id, name }: { readonly id: string; readonly name: string }) {
  return (
    <span className="name">
      <Link href={pathOf.bot(id)} title={name}>
        {name}
      </Link>
      <CopyButton value={id} what={t().common.botId} />
    </span>
  );
}

/** @param name of the corp's app; null where it has none. */
export function CorpName({ corpId, name }: { readonly corpId: string; readonly name: string | null }) {
  return (
    <span className="name">
      <span title={name || corpId}>{name || corpId}</span>
      <CopyButton value={corpId} what={t().common.corpId} />
    </span>
  );
}
