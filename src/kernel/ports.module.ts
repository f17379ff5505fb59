import { type Abstract, type DynamicModule, Global, Module, type Type } from '@nestjs/common';

/**
 * A port, what stands there without the feature that fills it, and the module of that feature. Where nothing may stand there, the
 * port is `needed`.
 */
export type PortLine = readonly [port: Abstract<unknown>, none: Type | 'needed', filledBy?: Type];

/** Ports of lower features that a higher one fills. Everything may inject them. */
@Global()
@Module({})
export class PortsModule {
  /** A needed port that no feature fills stops the start, and so does a feature that is named here and does not export its port. */
  static forRoot(lines: readonly PortLine[]): DynamicModule {
    const features = [...new Set(lines.flatMap(([, , filledBy]) => filledBy ?? []))];
    const nones = lines.flatMap(([provide, none, filledBy]) =>
      filledBy === undefined && none !== 'needed' ? [{ provide, useClass: none }] : [],
    );
    return {
      module: PortsModule,
      imports: features,
      providers: nones,
      exports: [...nones.map(({ provide }) => provide), ...features],
    };
  }
}
