/** One message, as a phone shows it. */
import type { ChatMessage } from '../../corp/chat.js';
import { RecordLink } from './link.js';
import { callbackOf, sendingOf } from './links.js';
import { command } from './server.js';
import { timeOf } from './time.js';
import { t } from './words.js';

type Body = Readonly<Record<string, unknown>>;

const WRITERS = {
  customer: 'customerWrites',
  bot: 'botWrites',
  servicer: 'servicerWrites',
  system: 'systemWrites',
} as const;

export function Bubble({ message }: { readonly message: ChatMessage }) {
  const { from, servicerUserid, atMs, msgid, isRecalled } = message;
  const [callback, sending] = [callbackOf(message), sendingOf(message)];
  return (
    <li class={`bubble ${from}`}>
      <p class="who">
        {t(WRITERS[from])} {servicerUserid} <time>{timeOf(atMs)}</time>
        {callback !== undefined && <RecordLink to="callbacks" id={callback.id} />}
        {sending !== undefined && <RecordLink to="calls" id={sending.id} />}
        {(from === 'customer' || from === 'servicer') && !isRecalled && (
          <button type="button" class="quiet" onClick={() => command('recall', { msgid })}>
            {t('recall')}
          </button>
        )}
      </p>
      <div class="body">{isRecalled ? <em>{t('recalled')}</em> : <Content message={message} />}</div>
    </li>
  );
}

function Content({
  message: { msgtype, body, openKfId, externalUserId },
}: {
  readonly message: ChatMessage;
}) {
  if (msgtype === 'text') return <>{text(body.content)}</>;
  if (msgtype === 'image') return <img src={mediaUrl(body.media_id)} alt={t('picture')} />;
  if (msgtype === 'msgmenu') return <Menu menu={body} between={{ openKfId, externalUserId }} />;
  if (msgtype === 'link') return <Link link={body} />;
  if (msgtype === 'location') return <Place place={body} />;
  if (msgtype === 'event') return <Event event={body} />;
  if ('media_id' in body) {
    return (
      <a href={mediaUrl(body.media_id)} download>
        {t('file')} ({msgtype})
      </a>
    );
  }
  return <code>{JSON.stringify(body)}</code>;
}

function Link({ link }: { readonly link: Body }) {
  return (
    <a class="card" href={safeUrl(link.url)} target="_blank" rel="noreferrer">
      <strong>{text(link.title)}</strong>
      <span>{text(link.desc)}</span>
      {'thumb_media_id' in link && <img src={mediaUrl(link.thumb_media_id)} alt="" />}
    </a>
  );
}

function Place({ place }: { readonly place: Body }) {
  return (
    <div class="card">
      <strong>{text(place.name) || t('location')}</strong>
      <span>{text(place.address)}</span>
      <code>
        {text(place.latitude)}, {text(place.longitude)}
      </code>
    </div>
  );
}

/** Its ids are those of the conversation that is shown anyway. */
function Event({ event }: { readonly event: Body }) {
  const { event_type, open_kfid: _account, external_userid: _customer, ...fields } = event;
  const shown = Object.entries(fields).filter(([, value]) => value !== '');
  return (
    <>
      <code>{text(event_type)}</code>
      {shown.map(([name, value]) => (
        <span key={name} class="field">
          {name}: {text(value)}
        </span>
      ))}
    </>
  );
}

/** What can be clicked sends the customer's answer. */
function Menu({ menu, between }: { readonly menu: Body; readonly between: object }) {
  const items = (menu.list ?? []) as readonly (Body & { readonly type: string })[];
  return (
    <div class="menu">
      <p>{text(menu.head_content)}</p>
      {items.map((item, at) => {
        const { id, content, url } = item[item.type] as Body;
        const key = `${at} ${text(content)}`;
        if (item.type === 'view') {
          return (
            <a key={key} href={safeUrl(url)} target="_blank" rel="noreferrer">
              {text(content)}
            </a>
          );
        }
        if (item.type !== 'click') return <span key={key}>{text(content)}</span>;
        return (
          <button key={key} type="button" onClick={() => command('say', { ...between, content, menuId: id })}>
            {text(content)}
          </button>
        );
      })}
      <p>{text(menu.tail_content)}</p>
    </div>
  );
}

function mediaUrl(mediaId: unknown): string {
  return `/simulator/media/${encodeURIComponent(text(mediaId))}`;
}

/** A bot may send anything for a link. */
function safeUrl(url: unknown): string {
  return /^https?:\/\//i.test(text(url)) ? text(url) : 'about:blank';
}

function text(value: unknown): string {
  return value === undefined || value === null ? '' : String(value);
}
