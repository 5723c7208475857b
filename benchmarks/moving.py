"""One transfer as ``ssm`` makes it, in a process of its own: what ``data.py`` and ``engine.py`` measure.

python benchmarks/moving.py WHAT S3_URI [FOLDER]: WHAT is ``up`` (a folder made equal to an address, as ``-i`` is, with
the index in $SSM_HOME), ``down`` (what is under an address brought to a folder, as results are), ``list``, or
``nothing``, which ends where the first request would be made: how long starting takes. Its session is a command's and
keeps AWS's models in that home. As the supervisor of a job on this machine makes them: ``channel`` and ``restore``
(an input, and a state, brought to a folder), ``mirror`` (a first pass over a folder). With SSM_BUCKETS the buckets
are folders there.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from simple_sagemaker.cli.ending import end
from simple_sagemaker.core.layout import split_uri
from simple_sagemaker.core.progress import Meter
from simple_sagemaker.core.store import Store, no_progress
from simple_sagemaker.local.job.home import Home
from simple_sagemaker.services.environment import home_folder

# What only one of the transfers needs is imported by it, as commands do.

if TYPE_CHECKING:
    from simple_sagemaker.local.data.mirror import Mirror


def reached() -> Store:
    """The store, with its client made."""
    if folder := os.environ.get("SSM_BUCKETS"):
        from simple_sagemaker.storage.folder_store import FolderStore

        return FolderStore(Path(folder))
    from simple_sagemaker.aws.clients import connect
    from simple_sagemaker.storage.s3.store import S3Store

    store = S3Store(connect(os.environ, "", cache=Home(home_folder(os.environ)).cache).session)
    assert store.place
    return store


def up(store: Store, bucket: str, prefix: str, folder: Path) -> None:
    from simple_sagemaker.storage.sync.local_tree import Tree
    from simple_sagemaker.storage.sync.sync import Sync

    tree = Tree(folder)
    survey = tree.survey(prefix)
    cache = Home(home_folder(os.environ)).upload_index
    meter = Meter(files=survey.files, size=survey.size)
    print(Sync(tree=tree, store=store, bucket=bucket, prefix=prefix, cache=cache, meter=meter).run())


def down(store: Store, bucket: str, prefix: str, folder: Path) -> None:
    from simple_sagemaker.jobs import result_parts as parts
    from simple_sagemaker.storage.sync.download import Earlier, FolderDownload

    def fill(to: Path) -> None:
        earlier = [*(Earlier(one, ours=True) for one in parts.earlier_tries(to)), Earlier(folder / "state", ours=False)]
        arriving = to.with_name(parts.ARRIVING)
        fetching = FolderDownload(
            store=store, bucket=bucket, prefix=prefix, to=to, arriving=arriving, earlier=earlier, meter=Meter()
        )
        print(fetching.run())

    with parts.lock(folder):
        parts.replace(folder, "state", fill, address=f"s3://{bucket}/{prefix}")


def channel(store: Store, bucket: str, prefix: str, folder: Path) -> None:
    from simple_sagemaker.local.data import channels

    folder.mkdir(parents=True)
    config = {"S3DataSource": {"S3Uri": f"s3://{bucket}/{prefix}", "S3DataType": "S3Prefix"}}
    read = channels.Channel.from_config({"ChannelName": "data", "DataSource": config}, "File")
    for _ in channels.fetch(read, read.items(store), folder, store, no_progress):
        pass


def restore(store: Store, bucket: str, prefix: str, folder: Path) -> None:
    for _ in mirror_of(store, bucket, prefix, folder).restore():
        pass


def mirror(store: Store, bucket: str, prefix: str, folder: Path) -> None:
    for _ in mirror_of(store, bucket, prefix, folder).pass_once():
        pass


def mirror_of(store: Store, bucket: str, prefix: str, folder: Path) -> Mirror:
    from simple_sagemaker.local.data.mirror import Mirror

    return Mirror(folder, bucket, prefix, store, "algo-1", ["algo-1"])


def main(what: str, address: str, folder: str = "") -> None:
    gc.set_threshold(20_000)  # as ssm does
    store, (bucket, prefix) = reached(), split_uri(address)
    if what == "nothing":
        import obstore  # noqa: F401 - a part of the start, too, where bytes are to move
    elif what == "list":
        print(sum(1 for _ in store.list(bucket, prefix)))
    else:
        acts = {"up": up, "down": down, "channel": channel, "restore": restore, "mirror": mirror}
        acts[what](store, bucket, prefix, Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
    end(0)  # as ssm does
