import { IsString } from '../kernel/class-validator.js';

export class AssetPathDto {
  /**
   * The name of the file.
   * @example swagger-ui.css
   */
  @IsString()
  readonly path!: string;
}
