"""Serves a directory over https on a free port of this machine, which it prints.

    python3 .ci/release/serve.py DIRECTORY-WITH-KEY-AND-CERTIFICATE DIRECTORY
"""

import functools
import http.server
import ssl
import sys

keys, directory = sys.argv[1:]
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=directory)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(f"{keys}/certificate.pem", f"{keys}/key.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
