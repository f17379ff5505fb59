import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { KfAccountAnswer } from '../../api/answers.gen.js';
import { forgetAccount } from '../../api/kf-accounts.js';
import { ChangeButton } from '../../components/change-button.js';
import { ConfirmDialog } from '../../components/confirm-dialog.js';
import { tell } from '../../data/notices.js';
import { t } from '../../i18n/language.js';

export function ForgetSection({ account }: { readonly account: KfAccountAnswer }) {
  const { accounts } = t();
  const { route } = useLocation();
  const [isAsking, setAsking] = useState(false);
  const name = account.name || account.openKfId;
  const forget = async (): Promise<void> => {
    await forgetAccount(account.openKfId);
    tell(accounts.forgotten(name));
    route('/console/kf-accounts');
  };
  return (
    <section class="card">
      <h2>{accounts.forget}</h2>
      <p class="muted">{accounts.forgetText}</p>
      <ChangeButton type="button" class="button danger" onClick={() => setAsking(true)}>
        {accounts.forget}
      </ChangeButton>
      {isAsking && (
        <ConfirmDialog
          title={accounts.forgetAsk(name)}
          text={accounts.forgetWhat}
          run={accounts.forgetRun}
          isDangerous
          onConfirm={forget}
          onClose={() => setAsking(false)}
        />
      )}
    </section>
  );
}
