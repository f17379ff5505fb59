import { IsString } from 'class-validator';

export class AssetPathDto {
  /**
   * The name of the file.
   * @example swagger-ui.css
   */
  @IsString()
  readonly path!: string;
}
