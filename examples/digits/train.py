"""Hosts train one network together on scikit-learn's handwritten digits, and finish what an interruption cut short.

Each step, every host works on its share of a batch and DistributedDataParallel averages the gradients. Every few
steps the first host writes a checkpoint into the state; a later run of the task starts from it, and ends with the
same weights as a run that was never interrupted.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed as dist
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from worker_toolkit import worker_lib

STOPPED = 128 + signal.SIGTERM
TEST_IMAGES = 360


class StopRequest:
    """Whether SIGTERM came: SageMaker sends it before it takes the machine away."""

    def __init__(self) -> None:
        self.came = False
        signal.signal(signal.SIGTERM, self._note)

    def _note(self, *_: object) -> None:
        self.came = True

    def came_to_any(self) -> bool:
        """The same answer on every host, so that all of them leave the training at the same step."""
        flag = torch.tensor(float(self.came))
        dist.all_reduce(flag, op=dist.ReduceOp.MAX)
        return bool(flag)


@dataclass(frozen=True)
class Images:
    pixels: torch.Tensor
    digits: torch.Tensor


def images() -> tuple[Images, Images]:
    """The images to learn from, and those to be tested with; the same on every host."""
    pixels, digits = load_digits(return_X_y=True)
    inputs, labels = torch.tensor(pixels, dtype=torch.float32) / 16, torch.tensor(digits)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
    learn, test = order[TEST_IMAGES:], order[:TEST_IMAGES]
    return Images(inputs[learn], labels[learn]), Images(inputs[test], labels[test])


def share(epoch: int, step: int, batch: int, total: int) -> torch.Tensor:
    """Which images this host learns from in a step. Follows from the step alone, so it can be taken up anywhere."""
    order = torch.randperm(total, generator=torch.Generator().manual_seed(1 + epoch))
    return order[step * batch : (step + 1) * batch][dist.get_rank() :: dist.get_world_size()]


@dataclass
class Training:
    """All that a checkpoint holds: the network, its optimizer, and how many steps are done."""

    network: nn.Module
    optimizer: torch.optim.Optimizer
    done: int = 0

    def save(self, path: Path) -> None:
        """Written beside its place and then moved there: a checkpoint is whole or not there, whenever this ends."""
        fresh = path.with_suffix(".new")
        network, optimizer = self.network.state_dict(), self.optimizer.state_dict()
        with open(fresh, "wb") as file:
            torch.save({"network": network, "optimizer": optimizer, "done": self.done}, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)

    def resume(self, path: Path) -> None:
        """Take up the first host's checkpoint, if it has one. The others are told: they need not see its files."""
        found = [torch.load(path, weights_only=True) if dist.get_rank() == 0 and path.exists() else None]
        dist.broadcast_object_list(found)
        if found[0] is not None:
            self.network.load_state_dict(found[0]["network"])
            self.optimizer.load_state_dict(found[0]["optimizer"])
            self.done = found[0]["done"]


def accuracy(network: nn.Module, test: Images) -> float:
    with torch.no_grad():
        return float((network(test.pixels).argmax(1) == test.digits).float().mean())


def say(line: str) -> None:
    """One line in the log of the first host."""
    if dist.get_rank() == 0:
        print(line, flush=True)


def train(options: argparse.Namespace, training: Training, checkpoint: Path) -> bool:
    """Do the steps that are left. False when SIGTERM came first; the checkpoint then has all that was done."""
    stop = StopRequest()
    learn, test = images()
    together = DistributedDataParallel(training.network)
    per_epoch = len(learn.digits) // options.batch
    while training.done < options.epochs * per_epoch:
        epoch, step = divmod(training.done, per_epoch)
        mine = share(epoch, step, options.batch, len(learn.digits))
        training.optimizer.zero_grad()
        nn.functional.cross_entropy(together(learn.pixels[mine]), learn.digits[mine]).backward()
        training.optimizer.step()
        training.done += 1
        time.sleep(options.pause_s)
        stopping = stop.came_to_any()
        if dist.get_rank() == 0 and (stopping or training.done % options.save_every == 0):
            training.save(checkpoint)
        if stopping:
            return False
        if step == per_epoch - 1:
            say(f"-***- epoch {epoch + 1}: accuracy={accuracy(training.network, test):.4f};")
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--batch", type=int, default=64, help="images of a step, all hosts together")
    parser.add_argument("--save_every", type=int, default=10, help="steps between two checkpoints")
    parser.add_argument("--pause_s", type=float, default=0.0, help="after each step: time to be interrupted in")
    options = parser.parse_args()
    config = worker_lib.WorkerConfig()

    dist.init_process_group("gloo")
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    training = Training(network, torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9))
    checkpoint = Path(config.state, "checkpoint.pt")
    training.resume(checkpoint)
    say(f"-***- {dist.get_world_size()} processes, from step {training.done}")
    completed = train(options, training, checkpoint)
    if completed and dist.get_rank() == 0:
        torch.save(network.state_dict(), Path(config.model_dir, "digits.pt"))
    say(f"-***- {'completed' if completed else 'stopped, and saved,'} at step {training.done}")
    dist.destroy_process_group()
    return 0 if completed else STOPPED


if __name__ == "__main__":
    sys.exit(main())
