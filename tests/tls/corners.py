#!/usr/bin/env python3
"""Makes corners.pcap and corners.keys anew: what OpenSSL's commands do beyond a plain connection.

A renegotiation each of TLS 1.0 and 1.2, changes of keys both ways, a hello that the server wants otherwise, resumed
sessions, and data before the handshake. Between client and server stands a proxy that notes what passes.
"""
import os, shutil, socket, struct, subprocess, tempfile, threading, time

from make import EXCHANGES, HERE, segments

(ASK, ANSWER), (ASK_MORE, ANSWER_MORE) = EXCHANGES
FIRST, SECOND = [("c", ASK), ("s", ANSWER)], [("c", ASK_MORE), ("s", ANSWER_MORE)]
RENEGOTIATE = [("c", b"R\n")]
OLD = ["-client_renegotiation"]
# Options of the server and of the client, and for each connection further ones of the client and what is typed.
PLAN = [
    (OLD + ["-tls1", "-cipher", "ALL:@SECLEVEL=0"], ["-tls1", "-cipher", "AES128-SHA:@SECLEVEL=0"], [([], FIRST + RENEGOTIATE + SECOND)]),
    (OLD + ["-tls1_2", "-cipher", "AES128-SHA256"], ["-tls1_2"], [([], FIRST + RENEGOTIATE + SECOND)]),
    (OLD + ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"], ["-tls1_2"], [([], FIRST + RENEGOTIATE + SECOND)]),
    (["-tls1_3"], ["-tls1_3"], [([], FIRST + [("c", b"K\n"), ("s", b"k\n")] + SECOND + [("s", b"K\n")])]),
    (["-tls1_3", "-groups", "P-384"], ["-tls1_3", "-groups", "X25519:P-384"], [([], FIRST + SECOND)]),
    (["-tls1_2"], ["-tls1_2"], [(["-sess_out", "s"], FIRST), (["-sess_in", "s"], SECOND)]),
    (["-tls1_3"], ["-tls1_3"], [(["-sess_out", "s"], FIRST), (["-sess_in", "s"], SECOND)]),
    (["-tls1_3", "-early_data", "-max_early_data", "16384"], ["-tls1_3"],
     [(["-sess_out", "s"], FIRST), (["-sess_in", "s", "-early_data", "early"], SECOND)]),
]


def listen():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener


def pump(source, sink, way, noted):
    while data := source.recv(65536):
        noted.append((way, data))
        sink.sendall(data)
    sink.shutdown(socket.SHUT_WR)


def connection(server, server_port, options, typed, keys):
    listener, noted = listen(), []
    client = subprocess.Popen(["openssl", "s_client", "-connect", "127.0.0.1:%d" % listener.getsockname()[1], "-keylogfile", keys]
                              + options, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    near, far = listener.accept()[0], socket.create_connection(("127.0.0.1", server_port))
    pumps = [threading.Thread(target=pump, args=way, daemon=True) for way in ((near, far, 0, noted), (far, near, 1, noted))]
    for thread in pumps:
        thread.start()
    time.sleep(0.5)
    for who, what in typed + [("c", b"Q\n")]:
        end = client if who == "c" else server
        end.stdin.write(what)
        end.stdin.flush()
        time.sleep(0.3)
    client.wait()
    for thread in pumps:
        thread.join(1)
    return noted


def main():
    os.chdir(tempfile.mkdtemp())
    keys, frames, port = "keys", [], 40001
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
                    "-subj", "/CN=imps.example.org", "-days", "36500"], check=True, stderr=subprocess.DEVNULL)
    with open("early", "wb") as file:
        file.write(ASK)
    for server_options, client_options, connections in PLAN:
        reserved = listen()
        server_port = reserved.getsockname()[1]
        reserved.close()
        if "-cipher" not in server_options:
            server_options = server_options + ["-cipher", "DEFAULT:@SECLEVEL=0"]
        server = subprocess.Popen(["openssl", "s_server", "-accept", str(server_port), "-cert", "cert.pem", "-key", "key.pem"]
                                  + [option if ":" in option or option[0] == "-" or "SHA" not in option else option + ":@SECLEVEL=0"
                                     for option in server_options],
                                  stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.3)
        for options, typed in connections:
            frames += segments(connection(server, server_port, client_options + options, typed, keys), port)
            port += 1
        server.kill()
    shutil.copy(keys, os.path.join(HERE, "corners.keys"))
    with open(os.path.join(HERE, "corners.pcap"), "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
        for number, frame in enumerate(frames):
            file.write(struct.pack("<IIII", 1100000000 + number // 100, number % 100 * 10000, len(frame), len(frame)) + frame)


main()
