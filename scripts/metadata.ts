/**
 * A step of `npm run build`: swagger's plugin reads types and comments of controllers and DTO classes out of the source, into
 * `dist/metadata.js`. As a plugin of the build itself it would emit an import of @nestjs/swagger into each of those files.
 */
import { PluginMetadataGenerator } from '@nestjs/cli/lib/compiler/plugins/plugin-metadata-generator.js';
import { ReadonlyVisitor } from '@nestjs/swagger/plugin';

new PluginMetadataGenerator().generate({
  visitors: [new ReadonlyVisitor({ introspectComments: true, pathToSource: 'src' })],
  tsconfigPath: 'tsconfig.build.json',
  outputDir: 'dist',
  filename: 'metadata.js',
});
