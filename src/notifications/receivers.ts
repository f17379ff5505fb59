import { hash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { Secret } from '../kernel/secret.js';
import { notificationsConfig } from './notifications.config.js';

/** `robot`: a group robot of WeCom. */
export type ReceiverKind = 'robot' | 'webhook';

/** One URL of `NOTIFY_URL`. */
export interface Receiver {
  /** A hash of the URL: equal in each process with the same URL, and it does not reveal the URL. */
  readonly id: string;
  readonly kind: ReceiverKind;
  /** Host and port. The rest of the URL contains the key. */
  readonly host: string;
  readonly url: Secret;
}

const WECOM_HOST = 'qyapi.weixin.qq.com';
const ROBOT_PATH = '/cgi-bin/webhook/send';

@Injectable()
export class Receivers {
  readonly all: readonly Receiver[];

  constructor(@Inject(notificationsConfig.KEY) config: ConfigType<typeof notificationsConfig>) {
    this.all = config.urls.map((url) => {
      const given = new URL(url.reveal());
      return {
        id: hash('sha256', `receiver ${url.reveal()}`, 'base64url').slice(0, 22),
        kind: isRobot(given, config.wecomApiUrl) ? 'robot' : 'webhook',
        host: given.host,
        url,
      };
    });
  }
}

/** @param wecom WECOM_API_URL, which may stand for WeCom. */
function isRobot({ hostname, origin, pathname }: URL, wecom: Readonly<URL>): boolean {
  return pathname.endsWith(ROBOT_PATH) && (hostname === WECOM_HOST || origin === wecom.origin);
}
