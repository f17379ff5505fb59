"""A bot that WXKF-Manager gives messages (docs/messages.md): it answers each text with the same text."""
import base64, hmac, json, logging, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from os import environ as env
from urllib.request import Request, urlopen
DONE = {0, 40058, 40096, *range(95000, 95100)}  # Sent, or never to be: WeCom had it, or it is not allowed now.

def call(path, body):
    headers = {"authorization": f"Bearer {env['BOT_KEY']}", "content-type": "application/json"}
    return json.load(urlopen(Request(env["MANAGER_URL"] + path, json.dumps(body).encode(), headers), timeout=4))

def is_signed(headers, body):
    at, given = headers["webhook-timestamp"] or "0", headers["webhook-signature"] or ""
    key = base64.b64decode(env["SIGNING_SECRET"].removeprefix("whsec_"))
    mac = hmac.digest(key, f"{headers['webhook-id']}.{at}.".encode() + body, "sha256")
    is_same = hmac.compare_digest(f"v1,{base64.b64encode(mac).decode()}", given)
    return is_same and abs(time.time() - int(at)) < 300

def take(message, msgid):  # The same msgid for every attempt of a message: WeCom sends no second reply.
    if message["msgtype"] != "text": return
    to = {"touser": message["external_userid"], "open_kfid": env["KF_ID"], "msgid": msgid}
    answer = call(f"/cgi-bin/kf/send_msg?corpid={env['CORP_ID']}", {**to, "msgtype": "text", "text": message["text"]})
    if answer["errcode"] != 0: logging.error("%s is not answered: %s", msgid, answer)
    if answer["errcode"] not in DONE: raise OSError("The message is to come again.")

class Bot(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            status = 200 if is_signed(self.headers, body) else 401
            if status == 200: take(json.loads(body), self.headers["webhook-id"])
        except (OSError, KeyError, ValueError): status = 503
        self.send_response(status)
        self.end_headers()

server = ThreadingHTTPServer(("", int(env.get("PORT", "8080"))), Bot)
bot = {"kfId": env["KF_ID"], "kfName": "Echo", "corpId": env["CORP_ID"], "corpSecret": env["CORP_SECRET"]}
bot["endpoint"] = env.get("SELF_URL", f"http://127.0.0.1:{server.server_port}")
call("/puppetWxkfManager/register", {**bot, "takes": "message"})
server.serve_forever()
