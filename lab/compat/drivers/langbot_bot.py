"""LangBot's customer-service adapter as it is installed, with a model that echoes.

Stands for LangBot's web server (`/bots/<uuid>`), which passes a request on to the adapter, and for its pipeline. The
settings are those of the adapter's form in LangBot; see bot-process.ts.
"""

import asyncio
import json
import os
import sys

import quart
from langbot.pkg.platform.adapters.wecomcs import WecomCSAdapter
from langbot_plugin.api.definition.abstract.platform.event_logger import AbstractEventLogger
from langbot_plugin.api.entities.builtin.platform import events, message

BOT = json.loads(os.environ['COMPAT_BOT'])
UUID = '7f0c2d9e'


class Logger(AbstractEventLogger):
    async def info(self, text, images=None, message_session_id=None, no_throw=True):
        print(text, file=sys.stderr, flush=True)

    debug = warning = error = info


async def main():
    settings = {
        'corpid': BOT['corpId'],
        'secret': BOT['corpSecret'],
        'token': BOT['token'],
        'EncodingAESKey': BOT['encodingAESKey'],
    }
    if BOT['apiBase'] is not None:
        settings['api_base_url'] = BOT['apiBase']
    adapter = WecomCSAdapter(settings, Logger())
    answers = set()

    async def answer(event):
        text = ''.join(part.text for part in event.message_chain if isinstance(part, message.Plain))
        await adapter.reply_message(event, message.MessageChain([message.Plain(text=f'{BOT["name"]}: {text}')]))

    async def on_message(event, _adapter):
        # As its query pool does: the model runs while the next message is taken.
        task = asyncio.create_task(answer(event))
        answers.add(task)
        task.add_done_callback(answers.discard)

    adapter.register_listener(events.MessageReceivedEvent, on_message)
    app = quart.Quart('langbot')

    @app.route('/bots/<bot_uuid>', methods=['GET', 'POST'])
    async def handle_webhook(bot_uuid):
        return await adapter.handle_unified_webhook(bot_uuid=bot_uuid, path='', request=quart.request)

    await app.run_task(host='127.0.0.1', port=BOT['port'])


asyncio.run(main())
