import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';

/** The fields of the public manager 1.0.3, with the two indexes that the queries need. */
@Schema({ collection: 'wxkfpuppets' })
export class Puppet {
  @Prop({ required: true, unique: true })
  kfOpenId!: string;

  @Prop({ required: true })
  botEndpoint!: string;

  @Prop({ required: true, index: true })
  corpId!: string;

  @Prop({ required: true })
  token!: string;

  @Prop({ required: true })
  encodingAESKey!: string;

  @Prop({ default: true })
  online!: boolean;
}

export const PuppetSchema = SchemaFactory.createForClass(Puppet);
