import { tell } from '../data/notices.js';
import { t } from '../i18n/language.js';
import { session } from '../session/session.js';
import { signOut } from '../session/sign-in.js';
import { LanguageSwitch } from './language-switch.js';
import { ThemeSwitch } from './theme-switch.js';

export function Header() {
  const isSignedIn = session.value?.isAsked === true && session.value.isSignedIn;
  return (
    <header class="header">
      <a class="brand" href="/console" aria-label={t().common.product}>
        <span class="mark" aria-hidden="true" />
        <span class="brand-name">{t().common.product}</span>
      </a>
      <div class="header-tools">
        <LanguageSwitch />
        <ThemeSwitch />
        {isSignedIn && <SignOutButton />}
      </div>
    </header>
  );
}

function SignOutButton() {
  const leave = async (): Promise<void> => {
    await signOut().then(
      () => tell(t().session.signedOut),
      () => tell(t().common.problem.unreachable),
    );
  };
  return (
    <button type="button" class="button bare" data-leaves onClick={leave}>
      {t().session.signOut}
    </button>
  );
}
