import { registerDecorator } from 'class-validator';

/** With further figures and reasons, for an operator. */
export class HealthPartAnswer {
  readonly status!: 'up' | 'down';
}

/** What Terminus answers. */
export class HealthAnswer {
  /** @example ok */
  readonly status!: 'ok' | 'error' | 'shutting_down';

  /**
   * The parts that are up.
   * @example { "registry": { "status": "up", "puppets": 12 }, "lifecycle": { "status": "up" } }
   */
  @IsPartsOf(HealthPartAnswer)
  readonly info!: Record<string, HealthPartAnswer>;

  /**
   * The parts that are down.
   * @example {}
   */
  @IsPartsOf(HealthPartAnswer)
  readonly error!: Record<string, HealthPartAnswer>;

  /**
   * All of them.
   * @example { "registry": { "status": "up", "puppets": 12 }, "lifecycle": { "status": "up" } }
   */
  @IsPartsOf(HealthPartAnswer)
  readonly details!: Record<string, HealthPartAnswer>;
}

/** An object whose values are of that class. */
function IsPartsOf(type: new () => object): PropertyDecorator {
  return (target, property) => {
    registerDecorator({
      name: 'isPartsOf',
      target: target.constructor,
      propertyName: String(property),
      constraints: [type],
      validator: { validate: (value) => typeof value === 'object' && value !== null },
    });
  };
}
