import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { type Authority, parseAuthority, toAuthorityText } from '../../config/authority.js';
import { BotKeys, type CallingBot } from '../../http/access/bot-keys.js';
import { toSecret } from '../../http/access/credentials.js';
import { AppError } from '../../kernel/app-error.js';
import { Lifecycle } from '../../kernel/lifecycle.js';
import { TunnelDialler } from './tunnel-dialler.js';
import { tunnelsConfig } from './tunnels.config.js';

const STOPPING_RETRY_AFTER_S = 1;

/** Decides who may open a tunnel, and to which target. */
@Injectable()
export class TunnelAdmission {
  /** This process's name in the header `Via` (RFC 9110, 7.6.3). It recognizes a tunnel that comes back to it. */
  readonly #name = `wxkf-${randomUUID()}`;

  /** The only target that is allowed; `null` while tunnels are off. */
  readonly #target: Authority | null;

  constructor(
    @Inject(tunnelsConfig.KEY) { tunnels }: ConfigType<typeof tunnelsConfig>,
    dialler: TunnelDialler,
    private readonly bots: BotKeys,
    private readonly lifecycle: Lifecycle,
  ) {
    this.#target = tunnels ? dialler.target : null;
  }

  /**
   * @throws AppError `TUNNELS_OFF`, `TUNNELS_ENDING`, `TUNNEL_TO_ITSELF`, `TUNNEL_KEY_MISSING`, `TUNNEL_KEY_WRONG`;
   *   `STORE_UNAVAILABLE`, `REGISTRY_NOT_LOADED` while the bot of the key cannot be looked up
   */
  async admit({ headers }: IncomingMessage): Promise<AdmittedBot> {
    if (this.#target === null) throw new AppError('TUNNELS_OFF');
    if (this.lifecycle.isDraining) {
      throw new AppError('TUNNELS_ENDING', { retryAfterS: STOPPING_RETRY_AFTER_S });
    }
    const { via = '', 'proxy-authorization': sent = '' } = headers;
    if (via.includes(this.#name)) throw new AppError('TUNNEL_TO_ITSELF');
    if (sent === '') throw new AppError('TUNNEL_KEY_MISSING');
    const key = toSecret(sent);
    const bot = await this.bots.findOrLookUp(key);
    if (bot === null) throw new AppError('TUNNEL_KEY_WRONG');
    return {
      bot,
      isStillAllowed: () => this.bots.find(key)?.id === bot.id,
      via: `${via === '' ? '' : `${via}, `}1.1 ${this.#name}`,
    };
  }

  /** @param asked as the request has it. @returns the target, normalized. @throws AppError `TUNNEL_TARGET_FORBIDDEN` */
  admitTarget(asked: string): string {
    const { host, port } = parseAuthority(asked) ?? {};
    const target = this.#target === null ? '' : toAuthorityText(this.#target);
    if (host === this.#target?.host && port === this.#target?.port) return target;
    throw new AppError('TUNNEL_TARGET_FORBIDDEN', { detail: target });
  }
}

export interface AdmittedBot {
  readonly bot: CallingBot;
  /** Whether the key is valid now. */
  readonly isStillAllowed: () => boolean;
  /** The header `Via` for the next proxy. */
  readonly via: string;
}
