import type { AccountAnswer, CauseAnswer } from '../../api/answers.gen.js';
import { wordsOfCause } from '../../components/causes/cause-words.js';
import { LinkButton } from '../../components/link-button.js';
import { CallRemedy } from '../../components/remedy.js';
import { ACCOUNT_TONES } from '../../components/state-tag.js';
import { Strip } from '../../components/strip.js';
import { formatSince } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { pathOf } from '../../shell/paths.js';

/** The cards below have the button for these. */
const OF_CARDS: ReadonlySet<CauseAnswer['code']> = new Set(['dead', 'dead_messages', 'parked']);

/** Each cause with what to do about it; where there is none, how the account is. */
export function WhatIsWrong({ account }: { readonly account: AccountAnswer }) {
  const { accounts, states } = t();
  const { causes, state, since, inWecom } = account;
  return (
    <>
      {causes.map((cause) => (
        <Wrong key={cause.key ?? `${cause.code} ${cause.why}`} cause={cause} account={account} />
      ))}
      {causes.length === 0 && (
        <Strip tone={ACCOUNT_TONES[state]} title={states.account[state]} text={accounts.stateText[state]}>
          {since !== null && <span className="small">{accounts.since(formatSince(since))}</span>}
        </Strip>
      )}
      {inWecom === false && causes.every(({ code }) => code !== 'no_account') && (
        <Strip tone="wait" title={accounts.notInWecom} text={accounts.notInWecomText} />
      )}
    </>
  );
}

interface WrongProps {
  readonly cause: CauseAnswer;
  readonly account: AccountAnswer;
}

function Wrong({ cause, account: { corpId, openKfId } }: WrongProps) {
  const { what, remedy, callFault, action } = wordsOfCause(cause);
  const isHere = OF_CARDS.has(cause.code) || action?.href === pathOf.account(corpId, openKfId);
  return (
    <Strip
      tone={cause.severity}
      title={what}
      text={
        <>
          {remedy}{' '}
          {callFault !== null && <CallRemedy why={callFault} unlistedAddress={cause.unlistedAddress} />}
        </>
      }
    >
      {cause.since !== null && <span className="small">{t().accounts.since(formatSince(cause.since))}</span>}
      {action !== null && !isHere && <LinkButton href={action.href}>{action.text}</LinkButton>}
    </Strip>
  );
}
