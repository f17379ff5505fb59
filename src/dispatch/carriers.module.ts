import { type DynamicModule, Global, Module, type Type } from '@nestjs/common';
import { type Carrier, CARRIERS } from './endpoint/carrier.js';

/** A carrier, and the module of its feature, which exports it. */
export type CarrierLine = readonly [carrier: Type<Carrier>, feature: Type];

/** Gives `BotEndpoints` the carriers of all features. */
@Global()
@Module({})
export class CarriersModule {
  /** A feature that does not export its carrier stops the start. */
  static forRoot(lines: readonly CarrierLine[]): DynamicModule {
    return {
      module: CarriersModule,
      imports: lines.map(([, feature]) => feature),
      providers: [
        {
          provide: CARRIERS,
          useFactory: (...carriers: Carrier[]) => carriers,
          inject: lines.map(([carrier]) => carrier),
        },
      ],
      exports: [CARRIERS],
    };
  }
}
