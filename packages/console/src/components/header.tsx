import { tell } from '../data/notices.js';
import { t } from '../i18n/language.js';
import { session } from '../session/session.js';
import { signOut } from '../session/sign-in.js';
import { Chip } from './chip.js';
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
        <SignedInAs />
        {isSignedIn && <SignOutButton />}
      </div>
    </header>
  );
}

/** Who is signed in, and what may be done so. */
function SignedInAs() {
  const operator = session.value?.operator ?? null;
  if (operator === null) return null;
  return (
    <span class="signed-in small muted">
      {operator.name} <Chip tone="quiet" text={t().session.roles[operator.role]} />
    </span>
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
