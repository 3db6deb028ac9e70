"""A chat-completions server on this machine that behaves as a test tells it to."""

import json
import re
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def stances(passage):
    """What the well-behaved model says: each stance is one word of the passage."""
    words = {"støtter": "endorsed", "imod": "challenged", "tydeligere": "more_explicit", "support": "endorsed"}
    said = [{"stance": s, "quote": w, "probability": 0.9} for w, s in words.items() if re.search(rf"\b{w}\b", passage)]
    return said or [{"stance": "mentioned", "quote": "", "probability": 0.8}]


class Call:
    """One request as it came in: its body, the pairs in it, and the well-behaved answer to them."""

    def __init__(self, body, headers):
        self.body = body
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.system, content = (m["content"] for m in body["messages"])
        self.content = json.loads(content)
        self.pairs = self.content["pairs"]

    def answers(self):
        return [{"id": p["id"], "stances": stances(self.content["passages"][p["passage"]]["text"])} for p in self.pairs]


class ChatServer:
    """``behave(handler, call, number)`` answers the ``number``-th request; ``calls`` holds them all."""

    def __init__(self):
        self.behave = well
        self.calls = []
        self.times = []
        self.at_once = self.most_at_once = 0
        lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                call = Call(body, dict(self.headers))
                with lock:
                    server.calls.append(call)
                    server.times.append(time.monotonic())
                    number = len(server.calls)
                    server.at_once += 1
                    server.most_at_once = max(server.most_at_once, server.at_once)
                try:
                    server.behave(self, call, number)
                except (BrokenPipeError, ConnectionResetError):
                    pass  # the judge had enough
                finally:
                    with lock:
                        server.at_once -= 1

            def log_message(self, *_):
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}/v1"
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self):
        self._http.shutdown()
        self._http.server_close()


def send(handler, data, status=200, **headers):
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("content-length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def say(handler, text, usage=True):
    """A chat completion with this text; 100 tokens in and 10 out."""
    tokens = {"usage": {"prompt_tokens": 100, "completion_tokens": 10}} if usage else {}
    send(handler, {"choices": [{"message": {"role": "assistant", "content": text}}], **tokens})


def well(handler, call, _number):
    say(handler, json.dumps({"answers": call.answers()}))


def slow(handler, call, number):
    time.sleep(0.3)
    well(handler, call, number)


def reset(handler, _call, _number):
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def dripping(handler, _call, _number):
    handler.send_response(200)
    handler.end_headers()
    for _ in range(40):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.02)


def huge(handler, _call, _number):
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b"x" * 10_000)


def status(code, message="", **headers):
    return lambda handler, _call, _number: send(handler, {"error": {"message": message}}, code, **headers)


def text(make):
    """A model that writes what ``make`` makes of the answers it should give."""
    return lambda handler, call, _number: say(handler, make(call.answers()))


def as_json(answers):
    return json.dumps({"answers": answers})
