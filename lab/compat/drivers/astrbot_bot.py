"""AstrBot's WeCom adapter as it is installed, with a model that echoes.

Stands for AstrBot's event bus, which starts a task for each event, and for its pipeline. The settings are those of the
platform in AstrBot's configuration; see bot-process.ts.
"""

import asyncio
import json
import logging
import os

from astrbot.api.event import MessageChain
from astrbot.core.platform.sources.wecom.wecom_adapter import WecomPlatformAdapter

# The web server's own lines would reach AstrBot's handler, which cannot format them and prints a stack for each.
for name in ('hypercorn.access', 'hypercorn.error'):
    logging.getLogger(name).propagate = False

BOT = json.loads(os.environ['COMPAT_BOT'])


async def main():
    settings = {
        'id': 'wecom',
        'type': 'wecom',
        'enable': True,
        'corpid': BOT['corpId'],
        'secret': BOT['corpSecret'],
        'token': BOT['token'],
        'encoding_aes_key': BOT['encodingAESKey'],
        'kf_name': BOT['kfName'],
        'unified_webhook_mode': False,
        'callback_server_host': '127.0.0.1',
        'port': BOT['port'],
    }
    if BOT['apiBase'] is not None:
        settings['api_base_url'] = BOT['apiBase']
    events = asyncio.Queue()
    adapter = WecomPlatformAdapter(settings, {}, events)
    answers = set()

    async def dispatch():
        while True:
            event = await events.get()
            text = f'{BOT["name"]}: {event.message_str}'
            task = asyncio.create_task(event.send(MessageChain().message(text)))
            answers.add(task)
            task.add_done_callback(answers.discard)

    await asyncio.gather(dispatch(), adapter.run())


asyncio.run(main())
