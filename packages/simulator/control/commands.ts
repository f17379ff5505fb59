/** What the page, or a test from another process, can have done: POST /simulator/<name> with JSON. */
import { Refused } from '../api/answers.js';
import { isMediaType, requireMedia } from '../api/media-rules.js';
import { RequestFields } from '../api/request-fields.js';
import type { App } from '../corp/app.js';
import { SERVICER_STATUSES } from '../corp/servicers.js';
import { AMOUNTS, type Faults, SWITCHES } from '../faults.js';
import type { LocalWecom } from '../local-wecom.js';

type Answer = object | Promise<object>;
type Command = (simulator: LocalWecom, fields: RequestFields) => Answer;

const TEXT_BYTES_MAX = 8_192;
/** The types of failure that 94670 has. */
const FAIL_TYPE_MAX = 13;
const DONE = { isDone: true };

export const COMMANDS: Readonly<Record<string, Command>> = {
  customers: ({ corp }, fields) => corp.addCustomer(fields.required('nickname', 64)),
  refuse: setRefusing,
  enter: enter,
  say: say,
  recall: ({ corp }, fields) => {
    corp.recall(fields.required('msgid', 64));
    return DONE;
  },
  servicer: servicer,
  'servicer-status': setServicerStatus,
  'native-welcome': setNativeWelcome,
  'fail-next': failNext,
  callback: (simulator, fields) =>
    simulator.saveCallback(
      {
        url: fields.string('url', 2_048).trim(),
        token: fields.string('token', 128).trim(),
        encodingAESKey: fields.string('encodingAESKey', 128).trim(),
      },
      appOf(simulator, fields),
    ),
  faults: setFaults,
  'access-token/revoke': (simulator, fields) => {
    const errcode = fields.integer('errcode', 40014, 40014, 42001) === 42001 ? 42001 : 40014;
    return { isRevoked: simulator.revokeAccessToken(errcode, appOf(simulator, fields)) };
  },
};

/** By name; the first one where it is left out. */
function appOf({ app, apps }: LocalWecom, fields: RequestFields): App {
  const name = fields.string('app', 128);
  const found = name === '' ? app : apps.find((one) => one.name === name);
  if (found === undefined) throw new Refused(40058, 'no such app');
  return found;
}

/** A customer sends a file. @throws Refused when WeCom would not take it. */
export function sendFile(
  { corp }: LocalWecom,
  query: URLSearchParams,
  contentType: string,
  bytes: Buffer,
): object {
  const type = query.get('type') ?? '';
  if (!isMediaType(type)) throw new Refused(40005);
  requireMedia(type, bytes);
  const openKfId = query.get('openKfId') ?? '';
  const externalUserId = query.get('externalUserId') ?? '';
  corp.conversation(openKfId, externalUserId);
  const fileName = query.get('fileName') || 'file.bin';
  const media_id = corp.media.add({ type, fileName, contentType, bytes, storedAtMs: corp.nowMs });
  return { msgid: corp.write(openKfId, externalUserId, type, { media_id }) };
}

function between(simulator: LocalWecom, fields: RequestFields) {
  const openKfId = fields.string('openKfId', 64) || simulator.openKfId;
  return { openKfId, externalUserId: fields.string('externalUserId', 64) || simulator.firstCustomerId };
}

function enter(simulator: LocalWecom, fields: RequestFields): Answer {
  const { openKfId, externalUserId } = between(simulator, fields);
  const scene = fields.string('scene', 32);
  simulator.corp.enter(openKfId, externalUserId, scene, fields.string('sceneParam', 128));
  return DONE;
}

/** A text, the item of a menu that was clicked, a link or a place. */
function say(simulator: LocalWecom, fields: RequestFields): Answer {
  const { openKfId, externalUserId } = between(simulator, fields);
  const msgtype = fields.string('msgtype', 16) || 'text';
  return { msgid: simulator.corp.write(openKfId, externalUserId, msgtype, bodyOf(msgtype, fields)) };
}

function bodyOf(msgtype: string, fields: RequestFields): Readonly<Record<string, unknown>> {
  if (msgtype === 'text') {
    const menuId = fields.string('menuId', 128);
    return { content: fields.required('content', TEXT_BYTES_MAX), ...(menuId !== '' && { menu_id: menuId }) };
  }
  if (msgtype === 'link') {
    const url = fields.required('url', 2_048);
    return { title: fields.string('title', 512) || url, desc: fields.string('desc', 512), url, pic_url: '' };
  }
  if (msgtype === 'location') {
    const place = { latitude: fields.degrees('latitude', 90), longitude: fields.degrees('longitude', 180) };
    return { ...place, name: fields.string('name', 256), address: fields.string('address', 256) };
  }
  throw new Refused(40008);
}

function setRefusing({ corp }: LocalWecom, fields: RequestFields): Answer {
  const customer = corp.findCustomer(fields.required('externalUserId', 64));
  if (customer === null) throw new Refused(40096);
  customer.isRefusing = fields.boolean('isRefusing') ?? false;
  corp.onChange();
  return customer;
}

/** By whoever has the customer, or by the account's first servicer where `userid` is left out. */
function servicer(simulator: LocalWecom, fields: RequestFields): Answer {
  const { corp } = simulator;
  const { openKfId, externalUserId } = between(simulator, fields);
  const conversation = corp.conversation(openKfId, externalUserId);
  const present = conversation.session(corp.nowMs).servicerUserid;
  const servicerUserid =
    fields.string('userid', 64) || (present ?? corp.servicers.list(openKfId)[0]?.userid ?? '');
  const action = fields.required('action', 16);
  if (action === 'say')
    return {
      msgid: corp.servicerWrites(conversation, servicerUserid, fields.required('content', TEXT_BYTES_MAX)),
    };
  if (action === 'take') corp.act(conversation, { type: 'take', servicerUserid });
  else if (action === 'handOver')
    corp.act(conversation, { type: 'handOver', servicerUserid: fields.required('to', 64) });
  else if (action === 'end') corp.act(conversation, { type: 'end', servicerUserid });
  else throw new Refused(40058, 'action is take, say, handOver or end');
  return DONE;
}

function setServicerStatus(simulator: LocalWecom, fields: RequestFields): Answer {
  const { openKfId } = between(simulator, fields);
  const status = SERVICER_STATUSES.find((one) => one === fields.string('status', 16));
  if (status === undefined) throw new Refused(40058, `status is ${SERVICER_STATUSES.join(', ')}`);
  simulator.corp.setServicerStatus(openKfId, fields.required('userid', 64), status);
  return DONE;
}

function setNativeWelcome(simulator: LocalWecom, fields: RequestFields): Answer {
  const { corp } = simulator;
  const { openKfId } = between(simulator, fields);
  corp.journalOf(openKfId);
  corp.nativeWelcomes.set(openKfId, fields.string('content', TEXT_BYTES_MAX));
  corp.onChange();
  return DONE;
}

/** The next message that a bot sends to the customer is taken, and fails later. */
function failNext(simulator: LocalWecom, fields: RequestFields): Answer {
  const { corp } = simulator;
  const { openKfId, externalUserId } = between(simulator, fields);
  const conversation = corp.conversation(openKfId, externalUserId);
  conversation.failsNextAs = fields.integer('failType', 0, 0, FAIL_TYPE_MAX);
  corp.onChange();
  return DONE;
}

function setFaults({ faults, corp }: LocalWecom, fields: RequestFields): Faults {
  for (const name of SWITCHES) faults[name] = fields.boolean(name) ?? faults[name];
  for (const [name, max] of Object.entries(AMOUNTS) as [keyof typeof AMOUNTS, number][])
    faults[name] = fields.integer(name, faults[name], 0, max);
  corp.onChange();
  return faults;
}
