"""Transformers' Trainer, whose checkpoints are in the state: a job that was interrupted goes on from the last one."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tiny import STOPPED, StopRequest, model, sentences, tokenizer
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint
from worker_toolkit import worker_lib


class SaveOnStop(TrainerCallback):
    """Saves and ends the training once SIGTERM has come; prints the loss in one line that a metric can find."""

    def __init__(self, pause_s: float) -> None:
        self.stop, self.pause_s = StopRequest(), pause_s

    def on_step_end(
        self, _args: TrainingArguments, _state: TrainerState, control: TrainerControl, **_: object
    ) -> TrainerControl:
        time.sleep(self.pause_s)
        if self.stop.came:
            control.should_save = control.should_training_stop = True
        return control

    def on_log(
        self,
        _args: TrainingArguments,
        state: TrainerState,
        _control: TrainerControl,
        logs: dict[str, float],
        **_: object,
    ) -> None:
        if "loss" in logs:
            print(f"-***- step {state.global_step}: loss={float(logs['loss']):.4f};", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--pause_s", type=float, default=0.0, help="after each step: time to be interrupted in")
    options = parser.parse_args()
    config = worker_lib.WorkerConfig()
    words, checkpoints = tokenizer(), Path(config.state, "checkpoints")
    rows = [words(sentence)["input_ids"] for sentence in sentences()]
    data = [{"input_ids": row, "labels": row, "attention_mask": [1] * len(row)} for row in rows]

    last = get_last_checkpoint(str(checkpoints)) if checkpoints.is_dir() else None
    print(f"-***- from {Path(last).name if last else 'the beginning'}", flush=True)
    callback = SaveOnStop(options.pause_s)
    settings = TrainingArguments(
        output_dir=str(checkpoints),
        max_steps=options.steps,
        per_device_train_batch_size=16,
        learning_rate=5e-3,
        logging_steps=20,
        save_steps=20,
        save_total_limit=2,
        report_to="none",
        disable_tqdm=True,
        use_cpu=True,
    )
    trainer = Trainer(model=model(words), args=settings, train_dataset=data, callbacks=[callback])
    trainer.train(resume_from_checkpoint=last)
    done = trainer.state.global_step
    if done < options.steps:
        print(f"-***- stopped, and saved, at step {done}", flush=True)
        return STOPPED
    trainer.save_model(config.model_dir)
    words.save_pretrained(config.model_dir)
    print(f"-***- completed at step {done}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
