#!/usr/bin/env python3
"""Makes suites.pcap and suites.keys anew: a conversation over every version and kind of suite that OpenSSL speaks.

Each connection is run in memory between OpenSSL's client and server; what they write is put into TCP segments of at
most 900 octets. Needs Python with OpenSSL 3 and the openssl command. Keys differ from run to run.
"""
import os, ssl, struct, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SUITES = [
    ("1.0", "AES128-SHA"), ("1.0", "AES256-SHA"), ("1.0", "ECDHE-RSA-AES128-SHA"), ("1.0", "NULL-SHA"), ("1.0", "NULL-MD5"),
    ("1.1", "AES128-SHA"), ("1.1", "AES256-SHA"),
    ("1.2", "AES128-SHA"), ("1.2", "AES128-SHA256"), ("1.2", "AES256-SHA256"), ("1.2", "ECDHE-RSA-AES256-SHA384"),
    ("1.2", "AES128-GCM-SHA256"), ("1.2", "ECDHE-RSA-AES256-GCM-SHA384"), ("1.2", "AES128-CCM"), ("1.2", "AES256-CCM8"),
    ("1.2", "ECDHE-RSA-CHACHA20-POLY1305"), ("1.2", "NULL-SHA256"),
    ("1.3", "TLS_AES_128_GCM_SHA256"), ("1.3", "TLS_AES_256_GCM_SHA384"), ("1.3", "TLS_CHACHA20_POLY1305_SHA256"),
    ("1.3", "TLS_AES_128_CCM_SHA256"), ("1.3", "TLS_AES_128_CCM_8_SHA256"),
]
# OpenSSL's flag for CBC without encrypt-then-MAC.
NO_ETM = 1 << 19
PORT = 443


def body(primitive, size):
    return ('<WV-CSP-Message xmlns="http://www.wireless-village.org/CSP1.1"><Session><SessionDescriptor><SessionType>Inband'
            '</SessionType><SessionID>7</SessionID></SessionDescriptor><Transaction><TransactionDescriptor><TransactionMode>'
            '%s</TransactionMode><TransactionID>1</TransactionID></TransactionDescriptor><TransactionContent '
            'xmlns="http://www.wireless-village.org/TRC1.1">%s</TransactionContent></Transaction></Session></WV-CSP-Message>'
            % primitive).encode() + b" " * size


def http(start, content):
    head = "%s\r\nContent-Type: application/vnd.wv.csp.xml\r\nContent-Length: %d\r\n\r\n" % (start, len(content))
    return head.encode() + content


EXCHANGES = [
    (http("POST /csp HTTP/1.1", body(("Request", "<KeepAlive-Request><TimeToLive>%d</TimeToLive></KeepAlive-Request>" % n), size)),
     http("HTTP/1.1 200 OK", body(("Response", "<KeepAlive-Response><Result><Code>200</Code></Result></KeepAlive-Response>"), size)))
    for n, size in ((600, 0), (700, 1500))
]


def converse(version, suite, etm, cert, keys):
    versions = {"1.0": ssl.TLSVersion.TLSv1, "1.1": ssl.TLSVersion.TLSv1_1, "1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
    contexts = [ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)]
    for context in contexts:
        context.minimum_version = context.maximum_version = versions[version]
        context.set_ciphers(("ALL" if version == "1.3" else suite) + ":@SECLEVEL=0")
        if not etm:
            context.options |= NO_ETM
    contexts[0].check_hostname, contexts[0].verify_mode = False, ssl.CERT_NONE
    contexts[0].keylog_filename = keys
    contexts[1].load_cert_chain(cert)
    at_client, at_server, of_client, of_server = (ssl.MemoryBIO() for _ in range(4))
    client = contexts[0].wrap_bio(at_client, of_client)
    server = contexts[1].wrap_bio(at_server, of_server, server_side=True)
    written = []

    def travel(way):
        data = (of_client, of_server)[way].read()
        if data:
            written.append((way, data))
            (at_server, at_client)[way].write(data)

    def wants_more(what):
        try:
            what()
            return False
        except ssl.SSLWantReadError:
            return True

    shaking = True
    while shaking:
        shaking = wants_more(client.do_handshake)
        travel(0)
        shaking |= wants_more(server.do_handshake)
        travel(1)
    for request, answer in EXCHANGES:
        for end, peer, way, content in ((client, server, 0, request), (server, client, 1, answer)):
            end.write(content)
            travel(way)
            got = b""
            while len(got) < len(content):
                got += peer.read(len(content) - len(got))
    for way, end in enumerate((client, server)):
        wants_more(end.unwrap)
        travel(way)
    assert client.cipher()[0] == suite, (client.cipher(), suite)
    return written


def segments(written, port):
    """The frames of a connection: raw IPv4, so that there is no more to them than needed."""
    sequence = [1000, 5000]

    def frame(way, flags, data=b""):
        ports = (port, PORT) if way == 0 else (PORT, port)
        tcp = struct.pack(">HHIIBBHHH", *ports, sequence[way], sequence[1 - way] if flags & 16 else 0, 0x50, flags, 65535, 0, 0)
        hosts = (bytes([10, 0, 0, 1]), bytes([192, 0, 2, 1]))
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + len(data), 0, 0, 64, 6, 0, hosts[way], hosts[1 - way])
        sequence[way] += len(data) + (1 if flags & 3 else 0)
        return ip + tcp + data

    yield frame(0, 2)
    yield frame(1, 18)
    yield frame(0, 16)
    for way, data in written:
        for at in range(0, len(data), 900):
            yield frame(way, 24, data[at:at + 900])
    yield frame(0, 17)
    yield frame(1, 17)
    yield frame(0, 16)


def main():
    if len(sys.argv) > 1:
        version, suite, etm, cert, keys, out = sys.argv[1:]
        with open(out, "wb") as file:
            for way, data in converse(version, suite, etm == "etm", cert, keys):
                file.write(struct.pack(">BI", way, len(data)) + data)
        return
    work = tempfile.mkdtemp()
    cert, keys = os.path.join(work, "cert.pem"), os.path.join(HERE, "suites.keys")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", cert, "-out", cert + ".crt",
                    "-subj", "/CN=imps.example.org", "-days", "36500"], check=True, stderr=subprocess.DEVNULL)
    with open(cert, "ab") as file:
        file.write(open(cert + ".crt", "rb").read())
    if os.path.exists(keys):
        os.remove(keys)
    frames = []
    plan = [(version, suite, True) for version, suite in SUITES]
    plan += [("1.0", "AES128-SHA", False), ("1.1", "AES256-SHA", False), ("1.2", "AES128-SHA256", False)]
    for number, (version, suite, etm) in enumerate(plan):
        conf = os.path.join(work, "openssl.cnf")
        with open(conf, "w") as file:
            file.write("openssl_conf=a\n[a]\nssl_conf=b\n[b]\nsystem_default=c\n[c]\nCipherString=DEFAULT@SECLEVEL=0\nMinProtocol=TLSv1\n")
            if version == "1.3":
                file.write("Ciphersuites=%s\n" % suite)
        out = os.path.join(work, "written")
        subprocess.run([sys.executable, os.path.abspath(__file__), version, suite, "etm" if etm else "plain", cert, keys, out],
                       check=True, env=dict(os.environ, OPENSSL_CONF=conf))
        data, written = open(out, "rb").read(), []
        while data:
            way, size = struct.unpack(">BI", data[:5])
            written.append((way, data[5:5 + size]))
            data = data[5 + size:]
        frames += segments(written, 40001 + number)
    with open(os.path.join(HERE, "suites.pcap"), "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
        for number, frame in enumerate(frames):
            file.write(struct.pack("<IIII", 1100000000 + number // 100, number % 100 * 10000, len(frame), len(frame)) + frame)


if __name__ == "__main__":
    main()
