# Prints every datagram that a Unix socket receives, as one line of JSON.
# Argument: the socket's path; `@` begins an abstract name, as in NOTIFY_SOCKET.
import json
import os
import socket
import sys

path = sys.argv[1]
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind("\0" + path[1:] if path.startswith("@") else path)
if not path.startswith("@"):
    os.chmod(path, 0o777)  # As systemd's own: the sender is no longer root.
print(json.dumps("listening"), flush=True)
while True:
    print(json.dumps(listener.recv(4096).decode()), flush=True)
