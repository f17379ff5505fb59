import { expect, it } from '@jest/globals';
import { Injectable, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PortsModule } from './ports.module.js';

abstract class Greeting {
  abstract readonly text: string;
}
class NoGreeting extends Greeting {
  override readonly text = '';
}
class Hello extends Greeting {
  override readonly text = 'hello';
}

@Module({ providers: [{ provide: Greeting, useClass: Hello }], exports: [Greeting] })
class GreetingModule {}

@Module({})
class OpenModule {}

@Injectable()
class Lower {
  constructor(readonly greeting: Greeting) {}
}

@Module({ providers: [Lower] })
class LowerModule {}

async function greet(...filledBy: [Type?]): Promise<string> {
  const module = {
    module: class Root {},
    imports: [LowerModule, PortsModule.forRoot([[Greeting, NoGreeting, ...filledBy]])],
  };
  const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  const { text } = app.get(Lower, { strict: false }).greeting;
  await app.close();
  return text;
}

it('a port is filled by the feature that is named, and by its none without one', async () => {
  expect(await greet(GreetingModule)).toBe('hello');
  expect(await greet()).toBe('');
});

it('a feature that does not fill its port stops the start', async () => {
  await expect(greet(OpenModule)).rejects.toThrow('Greeting');
});
