import { Injectable } from '@nestjs/common';
import { isOwnEcho } from '../crypto/verification-query.js';
import type { SignedText } from '../crypto/wecom-cipher.js';
import { AppError } from '../kernel/app-error.js';
import { ECHO_FORMAT } from '../kernel/wecom-format.js';
import { AppsService } from '../registry/apps/apps.service.js';
import { CallbackOpener } from './callback-opener.js';
import { acceptedBy, type CallbackReport } from './callback-report.js';

/** Answers the request that WeCom sends when a callback URL is saved. */
@Injectable()
export class UrlVerification {
  constructor(
    private readonly opener: CallbackOpener,
    private readonly apps: AppsService,
  ) {}

  /** Opens the text; needs no puppet to be online. Another text, such as that of a captured callback, is refused. Never rejects. */
  verify(corpId: string, echo: SignedText): Promise<CallbackReport> {
    return acceptedBy(async (accepted) => {
      const { message, pair } = await this.opener.open(corpId, await this.opener.getKeys(corpId), echo);
      if (!ECHO_FORMAT.pattern.test(message)) throw new AppError('CALLBACK_ECHO_MALFORMED');
      accepted.outcome = 'verified';
      accepted.echo = message;
      if (!isOwnEcho(message)) this.apps.noteVerified(corpId, pair);
    });
  }
}
