import { t } from '../i18n/language.js';

/** WeCom's own page about each code. */
const ABOUT = 'https://open.work.weixin.qq.com/devtool/query?e=';
const CODE = /^-?\d+$/;

/** Why a call to WeCom failed, as the manager names it: an errcode, which leads to WeCom's page about it, or a fault. */
export function Errcode({ why }: { readonly why: string }) {
  const { wecomErrors } = t();
  if (why in wecomErrors.faults) return <>{faultOf(why)}</>;
  if (!CODE.test(why)) return <span class="mono">{why}</span>;
  return (
    <a
      class="mono"
      href={pageAbout(why)}
      target="_blank"
      rel="noreferrer"
      title={t().errcodes[why]?.what ?? wecomErrors.lookUp}
    >
      {why}
    </a>
  );
}

/** What it means and what to do about it, with the way to WeCom's page about a code. */
export function Meaning({ of: why }: { readonly of: string }) {
  return (
    <>
      {meaningOf(why)}
      {CODE.test(why) && (
        <>
          {' '}
          <a href={pageAbout(why)} target="_blank" rel="noreferrer">
            {t().wecomErrors.lookUp}
          </a>
        </>
      )}
    </>
  );
}

/** In a sentence or two, with what to do about it where that is known. */
function meaningOf(why: string): string {
  const { overview, errcodes, wecomErrors } = t();
  const { verdict } = overview;
  if (why === 'unreachable') return verdict.noAnswer;
  if (why === 'status') return verdict.httpError;
  const known = errcodes[why];
  return known === undefined
    ? verdict.sentences(verdict.code(why), wecomErrors.unknownRemedy)
    : verdict.sentences(verdict.code(why), known.what, known.remedy);
}

function pageAbout(code: string): string {
  return ABOUT + encodeURIComponent(code);
}

function faultOf(why: string): string | undefined {
  return (t().wecomErrors.faults as Readonly<Record<string, string>>)[why];
}
