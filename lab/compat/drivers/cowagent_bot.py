"""CowAgent's own `app.py`, with the settings of its `config.json`; only the model is a stand-in. See bot-process.ts."""

import json
import os

import echo_model
import whole_app

BOT = json.loads(os.environ['COMPAT_BOT'])

whole_app.run(
    {
        'channel_type': 'wechat_kf',
        'wechat_kf_corp_id': BOT['corpId'],
        'wechat_kf_secret': BOT['corpSecret'],
        'wechat_kf_token': BOT['token'],
        'wechat_kf_aes_key': BOT['encodingAESKey'],
        'wechat_kf_port': BOT['port'],
        # One call of the model for each message, in place of an agent with tools.
        'agent': False,
        'model': 'deepseek-v4-flash',
        'deepseek_api_key': 'echo',
        'deepseek_api_base': echo_model.start(BOT['name']),
        # It listens on a fixed port.
        'web_console': False,
    }
)
