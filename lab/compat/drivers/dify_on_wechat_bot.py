"""dify-on-wechat's own `app.py`, with the settings of its `config.json`; only Dify is a stand-in. See bot-process.ts."""

import json
import os

import echo_model
import whole_app

BOT = json.loads(os.environ['COMPAT_BOT'])

whole_app.run(
    {
        'channel_type': 'wechatcom_service',
        'wechatcom_corp_id': BOT['corpId'],
        'wechatcomapp_secret': BOT['corpSecret'],
        'wechatcomapp_agent_id': '1000002',
        'wechatcomapp_token': BOT['token'],
        'wechatcomapp_aes_key': BOT['encodingAESKey'],
        'wechatcomapp_port': BOT['port'],
        'model': 'dify',
        'dify_app_type': 'chatbot',
        'dify_api_base': echo_model.start(BOT['name']),
        'dify_api_key': 'echo',
    }
)
