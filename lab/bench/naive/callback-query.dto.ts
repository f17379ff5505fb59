import { IsNotEmpty, IsString } from 'class-validator';

export class CallbackQueryDto {
  @IsString()
  @IsNotEmpty()
  msg_signature!: string;

  @IsString()
  @IsNotEmpty()
  timestamp!: string;

  @IsString()
  @IsNotEmpty()
  nonce!: string;
}
