import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { AppError } from '../kernel/app-error.js';
import { LOG, type Log } from '../kernel/log.js';
import type { Requester } from '../kernel/role.js';
import { toTestBody } from './message.js';
import { NotificationClient, type NotificationResult } from './notification-client.js';
import { notificationsConfig } from './notifications.config.js';
import { type Receiver, Receivers } from './receivers.js';

type TestResult = NotificationResult & Pick<Receiver, 'kind'>;

/** Sends all receivers a message that an operator asks for, to see whether it arrives. In quiet hours, too. */
@Injectable()
export class TestMessages {
  constructor(
    private readonly receivers: Receivers,
    private readonly client: NotificationClient,
    @Inject(notificationsConfig.KEY) private readonly config: ConfigType<typeof notificationsConfig>,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** @returns in the order of NOTIFY_URL. @throws AppError `NOTIFY_URL_UNSET` */
  async send(by: Requester): Promise<readonly TestResult[]> {
    const { all } = this.receivers;
    if (all.length === 0) throw new AppError('NOTIFY_URL_UNSET');
    return Promise.all(all.map((receiver) => this.#sendTo(receiver, by)));
  }

  async #sendTo(receiver: Receiver, by: Requester): Promise<TestResult> {
    const { id, kind } = receiver;
    const body = toTestBody(kind === 'robot' ? 'zh' : 'en', this.config.consoleUrl);
    const result = await this.client.send(receiver, body);
    this.log.info({ receiver: id, kind, reason: result.fault, ...by }, 'notification.tested');
    return { kind, ...result };
  }
}
