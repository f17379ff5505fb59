import { type Abstract, type DynamicModule, Global, Module, type Type } from '@nestjs/common';

/** A port, the none that stands there without the feature, and the module of that feature. */
export type PortLine = readonly [port: Abstract<unknown>, none: Type, filledBy?: Type];

/** Ports of lower features that an optional one fills. Everything may inject them. */
@Global()
@Module({})
export class PortsModule {
  /** A feature that is named here and does not export its port stops the start: Nest cannot resolve who injects it. */
  static forRoot(lines: readonly PortLine[]): DynamicModule {
    const features = [...new Set(lines.flatMap(([, , filledBy]) => filledBy ?? []))];
    const nones = lines
      .filter(([, , filledBy]) => filledBy === undefined)
      .map(([provide, useClass]) => ({ provide, useClass }));
    return {
      module: PortsModule,
      imports: features,
      providers: nones,
      exports: [...nones.map(({ provide }) => provide), ...features],
    };
  }
}
