import { registerDecorator } from 'class-validator';

/** An operator also gets figures and reasons. */
export class HealthPartAnswer {
  readonly status!: 'up' | 'down';
}

/** The answer of Terminus. */
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
   * All parts.
   * @example { "registry": { "status": "up", "puppets": 12 }, "lifecycle": { "status": "up" } }
   */
  @IsPartsOf(HealthPartAnswer)
  readonly details!: Record<string, HealthPartAnswer>;
}

/** The value is an object whose values have that class. */
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
