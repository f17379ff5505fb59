import type { KfAccountAnswer } from '../../api/answers.gen.js';
import { TimeAgo } from '../../components/time-ago.js';
import { t } from '../../i18n/language.js';

export function RegistrationFacts({ account }: { readonly account: KfAccountAnswer }) {
  const { accounts, common } = t();
  const { openKfId, corpId, name, registeredFrom, lastOnlineAt } = account;
  return (
    <section class="card">
      <h2>{accounts.registration}</h2>
      <dl class="facts">
        <dt>{accounts.name}</dt>
        <dd>{name || common.none}</dd>
        <dt>{accounts.openKfId}</dt>
        <dd class="mono wrap">{openKfId}</dd>
        <dt>{accounts.corpId}</dt>
        <dd class="mono">{corpId}</dd>
        <dt>{accounts.registeredFrom}</dt>
        <dd class="mono">{registeredFrom ?? common.unknown}</dd>
        <dt>{accounts.hello}</dt>
        <dd>{lastOnlineAt === null ? common.unknown : <TimeAgo at={lastOnlineAt} />}</dd>
      </dl>
    </section>
  );
}
