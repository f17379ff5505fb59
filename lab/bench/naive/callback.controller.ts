import { Body, Controller, Header, HttpCode, Param, Post, Query } from '@nestjs/common';
import { CallbackService } from './callback.service.js';
import { CallbackQueryDto } from './callback-query.dto.js';

@Controller('callback')
export class CallbackController {
  constructor(private readonly callbacks: CallbackService) {}

  @Post(':corpId')
  @HttpCode(200)
  @Header('Content-Type', 'text/plain')
  async receive(
    @Param('corpId') corpId: string,
    @Query() query: CallbackQueryDto,
    @Body() body: string,
  ): Promise<string> {
    await this.callbacks.accept(corpId, query, body);
    return 'success';
  }
}
