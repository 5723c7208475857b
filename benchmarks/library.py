"""What the library that moves our bytes takes by itself: the least that ``data.py`` can find for ``ssm``.

python benchmarks/library.py up|down S3_URI FOLDER: every file of a folder put below an address, or read from there, by
eight threads and obstore's synchronous calls, and nothing else: no listing, no index, no hash, no folders made.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from queue import Empty, SimpleQueue

import obstore
from obstore.store import S3Store

THREADS = 8


def main(what: str, address: str, folder: str) -> None:
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    store = S3Store(
        bucket,
        endpoint=os.environ["AWS_ENDPOINT_URL"],
        client_options={"allow_http": True},
        checksum_algorithm="CRC64NVME",
        unsigned_payload=True,
    )
    names: SimpleQueue[str] = SimpleQueue()
    for path in Path(folder).rglob("*.bin"):
        names.put(str(path.relative_to(folder)))

    def work() -> None:
        while True:
            try:
                name = names.get_nowait()
            except Empty:
                return
            if what == "up":
                obstore.put(store, prefix + name, Path(folder, name).read_bytes(), use_multipart=False)
            else:
                obstore.get(store, prefix + name).bytes()

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
