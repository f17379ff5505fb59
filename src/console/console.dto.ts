import { IsString } from 'class-validator';

export class ConsolePathDto {
  /**
   * The place of the file, or the path of the page.
   * @example accounts
   */
  @IsString()
  readonly path!: string;
}
