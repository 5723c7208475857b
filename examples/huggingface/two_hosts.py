"""Accelerate on several hosts: each works on its share of a batch, and an interrupted training goes on where it was."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import ProjectConfiguration, set_seed
from tiny import STOPPED, StopRequest, model, sentences, tokenizer
from torch.utils.data import DataLoader
from worker_toolkit import worker_lib


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--pause_s", type=float, default=0.0, help="after each step: time to be interrupted in")
    options = parser.parse_args()
    config, stop = worker_lib.WorkerConfig(), StopRequest()
    set_seed(0)
    # torchrun's variables say who else there is; on CPUs they talk by gloo.
    accelerator = Accelerator(cpu=True, project_config=ProjectConfiguration(save_on_each_node=True))
    words = tokenizer()
    network = model(words)
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-3)
    rows = torch.tensor([words(sentence)["input_ids"] for sentence in sentences()])
    loader = DataLoader(rows, batch_size=16, shuffle=True)
    network, optimizer, loader = accelerator.prepare(network, optimizer, loader)

    # Every host needs the checkpoint, and keeps its own: what one host wrote, another sees only in a later job.
    mine, total = Path(config.instance_state, "checkpoint"), options.epochs * len(loader)
    steps = torch.tensor([step_of(one) for one in checkpoints(mine)[-1:]] or [0])
    done = int(accelerator.gather(steps).min())
    if done:
        accelerator.load_state(str(mine / f"step-{done}"))
    accelerator.print(f"-***- {accelerator.num_processes} processes, from step {done}", flush=True)
    loss = torch.tensor(0.0)
    while done < total:
        epoch, skipped = divmod(done, len(loader))
        loader.set_epoch(epoch)
        batches = accelerator.skip_first_batches(loader, skipped) if skipped else loader
        for batch in batches:
            loss = network(input_ids=batch, labels=batch).loss
            accelerator.backward(loss)
            optimizer.step()
            optimizer.zero_grad()
            done += 1
            time.sleep(options.pause_s)
            stopping = bool(accelerator.reduce(torch.tensor(float(stop.came))))  # the same answer on every host
            if stopping or done % len(loader) == 0:
                save(accelerator, mine, done)
            if stopping:
                accelerator.print(f"-***- stopped, and saved, at step {done}", flush=True)
                return STOPPED
        average = float(accelerator.reduce(loss.detach(), "mean"))
        accelerator.print(f"-***- epoch {epoch + 1}: loss={average:.4f};", flush=True)
    if accelerator.is_main_process:
        accelerator.unwrap_model(network).save_pretrained(config.model_dir)
    accelerator.print(f"-***- completed at step {done}", flush=True)
    accelerator.end_training()
    return 0


def checkpoints(folder: Path) -> list[Path]:
    """This host's checkpoints, the newest last."""
    return sorted(folder.glob("step-*"), key=step_of)


def step_of(checkpoint: Path) -> int:
    return int(checkpoint.name.partition("-")[2])


def save(accelerator: Accelerator, folder: Path, done: int) -> None:
    """Save everything on this host, too: under another name first, so that what has its name is whole."""
    fresh = folder / "new"
    accelerator.save_state(str(fresh), safe_serialization=False)
    fresh.rename(folder / f"step-{done}")
    accelerator.wait_for_everyone()
    for earlier in checkpoints(folder)[:-2]:
        shutil.rmtree(earlier)


if __name__ == "__main__":
    sys.exit(main())
