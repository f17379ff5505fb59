"""A bot without an address: it answers each text with the same text."""
import os
import signal

from wxkf_client import Client

bot = Client(os.environ["WXKF_MANAGER"], os.environ["WXKF_KEY"], "echo", os.environ["CORP_SECRET"])

@bot.on_message
def answer(event):
    if event.message["msgtype"] == "text":
        bot.reply(event, event.message["text"]["content"])

signal.signal(signal.SIGTERM, signal.default_int_handler)
bot.run()
