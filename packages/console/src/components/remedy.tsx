/** What went wrong between manager, bot and WeCom, and what to do about it. The dictionaries have the words. */
import type { FailureReasonAnswer } from '../api/answers.gen.js';
import { whatFailed } from '../../../../src/insight/words/cause-text.js';
import { t } from '../i18n/language.js';
import { CopyButton } from './copy.js';

/** WeCom's own page about each code. */
const ABOUT = 'https://open.work.weixin.qq.com/devtool/query?e=';
const CODE = /^-?\d+$/;

/** Why a call to WeCom failed, as the manager names it: an errcode, which leads to WeCom's page about it, or a fault. */
export function Errcode({ why }: { readonly why: string }) {
  const { wecomErrors, errcodes } = t();
  if (Object.hasOwn(wecomErrors.faults, why))
    return <>{wecomErrors.faults[why as keyof typeof wecomErrors.faults]}</>;
  if (!CODE.test(why)) return <span className="mono">{why}</span>;
  return (
    <a
      className="mono"
      href={ABOUT + encodeURIComponent(why)}
      target="_blank"
      rel="noreferrer"
      title={errcodes[why]?.what ?? wecomErrors.lookUp}
    >
      {why}
    </a>
  );
}

interface CallRemedyProps {
  readonly why: string;
  /** Of 60020, where WeCom names it. */
  readonly unlistedAddress?: string | null;
}

/** What to do about an errcode, with the way to WeCom's page about it. What it means stands beside it. */
export function CallRemedy({ why, unlistedAddress = null }: CallRemedyProps) {
  const { overview, errcodes, wecomErrors } = t();
  const { verdict } = overview;
  if (why === 'unreachable') return <>{verdict.noAnswer}</>;
  if (why === 'status') return <>{verdict.httpError}</>;
  const known = errcodes[why];
  if (unlistedAddress !== null)
    return (
      <>
        {wecomErrors.unlisted.before} <span className="mono">{unlistedAddress}</span>
        <CopyButton value={unlistedAddress} what={wecomErrors.unlisted.address} />{' '}
        {wecomErrors.unlisted.after} <ToWecom why={why} />
      </>
    );
  return (
    <>
      {known === undefined
        ? verdict.sentences(verdict.code(why), wecomErrors.unknownRemedy)
        : verdict.sentences(known.remedy, verdict.code(why))}{' '}
      {CODE.test(why) && <ToWecom why={why} />}
    </>
  );
}

function ToWecom({ why }: { readonly why: string }) {
  return (
    <a href={ABOUT + encodeURIComponent(why)} target="_blank" rel="noreferrer">
      {t().wecomErrors.lookUp}
    </a>
  );
}

/** Why a bot did not take something and what to do about it; the manager's own reason last. */
export function FailureRemedy({ failure }: { readonly failure: FailureReasonAnswer }) {
  const { accounts, failures } = t();
  return (
    <dl className="facts">
      <dt>{accounts.what}</dt>
      <dd>{whatFailed(failure, t())}</dd>
      <dt>{accounts.remedy}</dt>
      <dd>{failures[failure.stage].remedy}</dd>
      <dt>{accounts.reason}</dt>
      <dd className="mono">{failure.reason}</dd>
    </dl>
  );
}
