"""A bot that answers each message with the number of its texts, and gives customers who ask for a person to people."""
import os
import signal

from wxkf_client import Client

bot = Client(os.environ["WXKF_MANAGER"], os.environ["WXKF_KEY"], "people", os.environ["CORP_SECRET"])

@bot.on_message
def answer(event):
    text = event.message.get("text")
    if text is None:
        return
    if "人工" in text["content"]:
        bot.hand_over(event, "A person will answer you.")
    else:
        bot.reply(event, f"You wrote {max(1, len(event.merged))} texts.")

signal.signal(signal.SIGTERM, signal.default_int_handler)
bot.run()
