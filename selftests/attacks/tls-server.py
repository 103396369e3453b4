#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A TLS server on port 5061 that takes old versions, too, and several connections at once."""

import socket
import ssl
import sys
import threading
import warnings


def serve(context, sock):
    sock.settimeout(5)
    try:
        context.wrap_socket(sock, server_side=True).recv(1)
    except OSError:
        pass
    finally:
        sock.close()


def main():
    warnings.simplefilter("ignore", DeprecationWarning)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    with socket.create_server((sys.argv[1], 5061), backlog=64) as listener:
        print("listening", flush=True)
        while True:
            threading.Thread(target=serve, args=(context, listener.accept()[0]),
                             daemon=True).start()


if __name__ == "__main__":
    main()
