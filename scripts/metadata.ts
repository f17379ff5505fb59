/**
 * A step of `npm run build`: swagger's plugin reads types and comments of controllers and DTO classes out of the source, into
 * `build/metadata.js`. As a plugin of the build itself it would emit an import of @nestjs/swagger into each of those files.
 */
import { PluginMetadataGenerator } from '@nestjs/cli/lib/compiler/plugins/plugin-metadata-generator.js';
import { ReadonlyVisitor } from 'nestjs-swagger/plugin';

const program = ReadonlyVisitor.createTsProgram('tsconfig.build.json');
new PluginMetadataGenerator().generate({
  visitors: [new ReadonlyVisitor({ introspectComments: true, pathToSource: 'src' })],
  tsProgramRef: program,
  outputDir: 'build',
  filename: 'metadata.js',
});
