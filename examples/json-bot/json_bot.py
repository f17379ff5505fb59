"""A bot that WXKF-Manager sends messages as JSON (docs/messages.md): it answers each text with the same text."""
import base64, hmac, json, logging, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from os import environ as env
from urllib.request import Request, urlopen
DONE = {0, 40058, 40096, *range(95000, 95100)}  # Sent, or never to be: WeCom had it, or it is not allowed now.

def is_signed(headers, body):
    at, given = headers["webhook-timestamp"] or "0", headers["webhook-signature"] or ""
    key = base64.b64decode(env["SIGNING_SECRET"].removeprefix("whsec_"))
    mac = hmac.digest(key, f"{headers['webhook-id']}.{at}.".encode() + body, "sha256")
    is_same = hmac.compare_digest(f"v1,{base64.b64encode(mac).decode()}", given)
    return is_same and abs(time.time() - int(at)) < 300

def reply(message, msgid):  # The same msgid for every attempt of a message: WeCom sends no second reply.
    if message["msgtype"] != "text": return
    to = {"touser": message["external_userid"], "open_kfid": message["open_kfid"], "msgid": msgid}
    data = json.dumps({**to, "msgtype": "text", "text": message["text"]}).encode()
    headers = {"authorization": f"Bearer {env['BOT_KEY']}", "content-type": "application/json"}
    url = f"{env['MANAGER_URL']}/cgi-bin/kf/send_msg?corpid={env['CORP_ID']}"
    answer = json.load(urlopen(Request(url, data, headers), timeout=4))
    if answer["errcode"] != 0: logging.error("%s is not answered: %s", msgid, answer)
    if answer["errcode"] not in DONE: raise OSError("The message is to come again.")

class Bot(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        status = 200 if is_signed(self.headers, body) else 401
        try:
            if status == 200: reply(json.loads(body), self.headers["webhook-id"])
        except (OSError, KeyError, ValueError): status = 503
        self.send_response(status)
        self.end_headers()

ThreadingHTTPServer(("", int(env.get("PORT", "8080"))), Bot).serve_forever()
