/** The forms and limits of what may be sent (send_msg, 94677; send_msg_on_event, 95122). */
import type { MediaStore, MediaType } from '../corp/media-store.js';
import { Refused } from './answers.js';
import type { RequestFields } from './request-fields.js';

type Body = Readonly<Record<string, unknown>>;
type Read = (fields: RequestFields, media: (mediaId: string, type: MediaType) => string) => Body;

const MENU_ITEMS_MAX = 10;

const MENU_ITEMS: Readonly<Record<string, (item: RequestFields) => Body>> = {
  click: (item) => ({ id: item.string('id', 128), content: item.required('content', 128) }),
  view: (item) => ({ url: item.required('url', 2048), content: item.required('content', 1024) }),
  miniprogram: (item) => ({
    appid: item.required('appid', 32),
    pagepath: item.required('pagepath', 1024),
    content: item.required('content', 1024),
  }),
  text: (item) => ({
    content: item.required('content', 256),
    no_newline: item.integer('no_newline', 0, 0, 1),
  }),
};

const BODIES: Readonly<Record<string, Read>> = {
  text: (fields) => ({ content: fields.required('content', 2048), menu_id: fields.string('menu_id', 128) }),
  image: (fields, media) => ({ media_id: media(fields.required('media_id', 128), 'image') }),
  voice: (fields, media) => ({ media_id: media(fields.required('media_id', 128), 'voice') }),
  video: (fields, media) => ({ media_id: media(fields.required('media_id', 128), 'video') }),
  file: (fields, media) => ({ media_id: media(fields.required('media_id', 128), 'file') }),
  link: (fields, media) => ({
    title: nonEmpty(fields, 'title', 128),
    desc: fields.cut('desc', 512),
    url: fields.required('url', 2048),
    thumb_media_id: media(fields.required('thumb_media_id', 128), 'image'),
  }),
  miniprogram: (fields, media) => ({
    appid: fields.required('appid', 128),
    title: fields.cut('title', 64),
    thumb_media_id: media(fields.required('thumb_media_id', 128), 'image'),
    pagepath: fields.required('pagepath', 1024),
  }),
  msgmenu: (fields) => ({
    head_content: fields.string('head_content', 1024),
    list: menuItems(fields),
    tail_content: fields.string('tail_content', 1024),
  }),
  location: (fields) => ({
    latitude: fields.degrees('latitude', 90),
    longitude: fields.degrees('longitude', 180),
    name: fields.string('name', 1024),
    address: fields.string('address', 1024),
  }),
};

/** @throws Refused for a type that WeCom does not have, and where a field is missing, too long or names no file. */
export function readMessageBody(
  fields: RequestFields,
  msgtype: string,
  media: MediaStore,
  nowMs: number,
): Body {
  const read = BODIES[msgtype];
  if (read === undefined) throw fields.refused('invalid message type', 40008);
  return read(fields.object(msgtype), (mediaId, type) => {
    if (media.find(mediaId, nowMs)?.type !== type) throw new Refused(40007);
    return mediaId;
  });
}

function nonEmpty(fields: RequestFields, name: string, bytesMax: number): string {
  fields.required(name, Infinity);
  return fields.cut(name, bytesMax);
}

function menuItems(fields: RequestFields): Body[] {
  const items = fields.objects('list');
  if (items.length > MENU_ITEMS_MAX) throw new Refused(95008);
  return items.map((item) => {
    const type = item.required('type', 32);
    const read = MENU_ITEMS[type];
    if (read === undefined) throw new Refused(95009);
    return { type, [type]: read(item.object(type)) };
  });
}
