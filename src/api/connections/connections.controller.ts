import { Controller, Get, Query } from '@nestjs/common';
import { AllowRoles } from '../../http/access/allowed-callers.js';
import { ApiOkResponse, ApiTags } from '../../http/answers/swagger.js';
import { ConnectedBots, type KnownConnection } from '../../registry/bots/connected-bots.js';
import { KnownBots } from '../../registry/bots/known-bots.js';
import { Clients } from '../../stream/clients/clients.js';
import { toIso } from '../../http/answers/times.js';
import {
  CONNECTIONS,
  type ConnectionAnswer,
  type ConnectionPageAnswer,
  ConnectionsQueryDto,
} from './connections.dto.js';
import { limitOf, readCursor, toCursor } from '../../http/answers/page-query.dto.js';

/** The streams that clients of bots have open. */
@Controller('api/v1/connections')
@ApiTags('operators')
export class ConnectionsController {
  constructor(
    private readonly connected: ConnectedBots,
    private readonly bots: KnownBots,
    private readonly clients: Clients,
  ) {}

  /**
   * List the streams.
   * @remarks The streams of all replicas, ordered by bot.
   */
  @Get()
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'A page of connections.' })
  listConnections(@Query() query: ConnectionsQueryDto): ConnectionPageAnswer {
    const limit = limitOf(query);
    const after = readCursor(CONNECTIONS, query) ?? '';
    const wanted = this.connected.list().filter((one) => isWanted(one, query) && sortKey(one) > after);
    const found = wanted.sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1)).slice(0, limit + 1);
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return {
      items: items.map((one) => this.#toAnswer(one)),
      nextCursor: found.length > limit && last !== undefined ? toCursor(CONNECTIONS, sortKey(last)) : null,
    };
  }

  #toAnswer(connection: KnownConnection): ConnectionAnswer {
    const { id, botId, clientId, address, agent, replicaId, connectedAtMs } = connection;
    const bot = this.bots.find(botId);
    return {
      id,
      botId,
      botName: bot?.name ?? '',
      corpId: bot?.corpId ?? '',
      clientId,
      address,
      agent,
      replica: replicaId,
      connectedAt: toIso(connectedAtMs),
      accounts: [...this.clients.rolesOf(connection)],
      underWay: this.clients.find(id)?.underWay.size ?? null,
    };
  }
}

function isWanted({ botId }: KnownConnection, query: ConnectionsQueryDto): boolean {
  return query.botId === undefined || query.botId === botId;
}

function sortKey({ botId, id }: KnownConnection): string {
  return `${botId} ${id}`;
}
