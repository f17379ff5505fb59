/** WeCom's API under /cgi-bin/: who may call, what each call does, and how refusals look. */
import type { ServerResponse } from 'node:http';
import type { App } from '../corp/app.js';
import { type ApiAnswer, ok, Refused, refusal, sendAnswer } from './answers.js';
import type { ApiCall, ApiState, JsonApi } from './api-call.js';
import { CallLimit } from './call-limit.js';
import { getCustomers } from './customers.js';
import { type GroupRobot, ROBOT_API } from './group-robot.js';
import { listAccounts } from './kf-accounts.js';
import { sendStoredMedia, uploadMedia } from './media.js';
import { RequestFields } from './request-fields.js';
import { sendMsg, sendMsgOnEvent } from './send-msg.js';
import { getServiceState, transServiceState } from './service-state.js';
import { addServicers, deleteServicers, listServicers } from './servicers.js';
import { syncMsg } from './sync-msg.js';

const listAddresses: JsonApi = () => ok({ ip_list: ['127.0.0.1'] });

const JSON_APIS: Readonly<Record<string, JsonApi>> = {
  'kf/account/list': listAccounts,
  'kf/servicer/list': listServicers,
  'kf/servicer/add': addServicers,
  'kf/servicer/del': deleteServicers,
  'kf/customer/batchget': getCustomers,
  'kf/service_state/get': getServiceState,
  'kf/service_state/trans': transServiceState,
  'kf/sync_msg': syncMsg,
  'kf/send_msg': sendMsg,
  'kf/send_msg_on_event': sendMsgOnEvent,
  getcallbackip: listAddresses,
  get_api_domain_ip: listAddresses,
};

/** What follows /cgi-bin/ in all that is played. */
export const PLAYED_APIS: readonly string[] = [
  'gettoken',
  ...Object.keys(JSON_APIS),
  'media/upload',
  'media/get',
  ROBOT_API,
];

/** Called with wrong parameters so often within an hour, gettoken is closed to the address for an hour. */
const WRONG_SECRETS = { calls: 2_000, windowMs: 3_600_000, blockMs: 3_600_000 };
/** How WeCom words an unknown path is not known; that it is HTTP 404 is. */
const NOT_PLAYED_ERRCODE = 404;

export class Api {
  readonly #wrongSecrets = new CallLimit(WRONG_SECRETS);

  constructor(
    private readonly state: ApiState,
    private readonly robot: GroupRobot,
  ) {}

  /** Whose Secret or access token the call has. */
  appOf({ api, query }: ApiCall): App | null {
    const { apps, accessTokens } = this.state;
    const secret = api === 'gettoken' ? query.corpsecret : accessTokens.secretOf(query.access_token ?? '');
    return apps.find(({ corpSecret }) => corpSecret === secret) ?? null;
  }

  /** Answers the call. @returns what it answered; of a file its head only. */
  answer(call: ApiCall, response: ServerResponse): ApiAnswer {
    if (!PLAYED_APIS.includes(call.api)) return notPlayed(call, response);
    const answer = this.#outcome(call, response);
    if (!response.headersSent) sendAnswer(response, answer);
    return answer;
  }

  #outcome(call: ApiCall, response: ServerResponse): ApiAnswer {
    try {
      return this.#answerOf(call, response);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const answer = refusal(error.errcode, error.text, call.fromIp);
      // An empty list beside an error, as it was seen.
      return call.api === 'getcallbackip' ? { ...answer, ip_list: [] } : answer;
    }
  }

  #answerOf(call: ApiCall, response: ServerResponse): ApiAnswer {
    const isMedia = call.api.startsWith('media/');
    if (this.state.faults.apiLimited) throw new Refused(45009);
    if (this.state.faults.apiBusy || (isMedia && this.state.faults.mediaFails)) throw new Refused(-1);
    if (call.api === 'gettoken') return this.#giveToken(call);
    if (call.api === ROBOT_API) return this.robot.send(call, this.state.corp.nowMs);
    const app = this.#requireAllowed(call);
    const { corp } = this.state;
    if (call.api === 'media/upload') return uploadMedia(call, corp);
    if (call.api === 'media/get') {
      sendStoredMedia(response, corp, call.query.media_id ?? '', call.headers.range);
      return ok();
    }
    const api = JSON_APIS[call.api];
    if (api === undefined) throw new Error(`${call.api} is played by nothing`);
    return api(RequestFields.of(call.body.toString('utf8')), { ...this.state, app }, call);
  }

  #giveToken({ query, fromIp }: ApiCall): ApiAnswer {
    const { nowMs } = this.state.corp;
    if (this.#wrongSecrets.isBlocked(fromIp, nowMs)) throw new Refused(45009);
    const answer = this.state.accessTokens.give(query.corpid ?? '', query.corpsecret ?? '', 'life');
    if (answer.errcode !== 0) this.#wrongSecrets.count(fromIp, nowMs);
    return answer;
  }

  /** Only gettoken is open to all addresses. */
  #requireAllowed(call: ApiCall): App {
    const refused = this.state.accessTokens.refusalOf(call.query.access_token ?? '');
    if (refused !== null) throw new Refused(refused.errcode);
    const app = this.appOf(call);
    if (app === null) throw new Error('the access token is of no app');
    const { trustedIps } = app;
    if (trustedIps.length > 0 && !trustedIps.includes(call.fromIp)) throw new Refused(60020);
    return app;
  }
}

function notPlayed({ api }: ApiCall, response: ServerResponse): ApiAnswer {
  const errmsg = `the simulator does not play /cgi-bin/${api}; it plays ${PLAYED_APIS.join(', ')}`;
  const answer = { errcode: NOT_PLAYED_ERRCODE, errmsg };
  response.writeHead(404, { 'Content-Type': 'application/json; charset=UTF-8' }).end(JSON.stringify(answer));
  return answer;
}
