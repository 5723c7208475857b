"""A server made far away: what it is asked comes that many milliseconds later.

python benchmarks/delay.py PORT MILLISECONDS: passes connections on to PORT of this machine; prints its own port. Used
by ``data.py``.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio import StreamReader, StreamWriter


async def pass_on(source: StreamReader, to: StreamWriter, delay_s: float) -> None:
    """Pass on everything, each piece as long after it came as the delay says."""
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(64)

    async def collect() -> None:
        while data := await source.read(1 << 18):
            await waiting.put((loop.time() + delay_s, data))
        await waiting.put((0.0, b""))

    collecting = asyncio.create_task(collect())
    try:
        while True:
            due, data = await waiting.get()
            if not data:
                break
            await asyncio.sleep(max(0.0, due - loop.time()))
            to.write(data)
            await to.drain()
    except OSError:
        collecting.cancel()
    finally:
        to.close()


async def serve(port: int, delay_s: float) -> None:
    async def connected(reader: StreamReader, writer: StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(
            pass_on(reader, far_writer, delay_s), pass_on(far_reader, writer, 0.0), return_exceptions=True
        )

    server = await asyncio.start_server(connected, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]) / 1000))
