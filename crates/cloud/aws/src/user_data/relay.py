#!/usr/bin/python3
# Forwards each TCP port that systemd passes to the same vsock port of the enclave. Python 3.7 and later.
import asyncio
import os
import socket
import sys

CONNECTIONS = 512


def dial(port):
    with open("/run/teeproof/cid") as file:
        cid = int(file.read())
    enclave = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    enclave.settimeout(5)
    enclave.connect((cid, port))
    enclave.setblocking(False)
    return enclave


async def copy(reader, writer):
    while True:
        data = await reader.read(65536)
        if not data:
            break
        writer.write(data)
        await writer.drain()
    writer.write_eof()


async def request(reader, writer):
    try:
        await copy(reader, writer)
    except OSError:
        # The client is gone: the enclave's end closes, and with it the connection.
        writer.transport.abort()


async def forward(reader, writer, places):
    writers = [writer]
    try:
        if places.locked():
            raise OSError("too many connections")
        async with places:
            client = writer.get_extra_info("socket")
            client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            port = client.getsockname()[1]
            enclave = await asyncio.get_event_loop().run_in_executor(None, dial, port)
            answer, enclave = await asyncio.open_connection(sock=enclave)
            writers.append(enclave)
            asyncio.ensure_future(request(reader, enclave))
            # The end of the answer is the end of the connection; that of the request is passed on.
            await copy(answer, writer)
    except (OSError, ValueError) as error:
        print("connection ended:", error, flush=True)
    finally:
        for each in writers:
            each.close()


async def main():
    places = asyncio.Semaphore(CONNECTIONS)
    for number in range(3, 3 + int(os.environ["LISTEN_FDS"])):
        listener = socket.socket(fileno=number)
        await asyncio.start_server(lambda r, w: forward(r, w, places), sock=listener)
    await asyncio.Event().wait()


if __name__ == "__main__":
    if not sys.argv[1:]:
        asyncio.run(main())
    # With a port: whether the enclave accepts a connection there.
    try:
        dial(int(sys.argv[1]))
    except OSError as error:
        sys.exit(f"vsock port {sys.argv[1]}: {error}")
