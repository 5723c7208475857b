"""TRL's SFTTrainer fine-tunes a model on prompts and their completions, and goes on after an interruption."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from datasets import Dataset
from tiny import STOPPED, model, sentences, tokenizer
from trainer import SaveOnStop
from transformers.trainer_utils import get_last_checkpoint
from trl import SFTConfig, SFTTrainer
from worker_toolkit import worker_lib


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--pause_s", type=float, default=0.0, help="after each step: time to be interrupted in")
    options = parser.parse_args()
    config = worker_lib.WorkerConfig()
    words, checkpoints = tokenizer(), Path(config.state, "checkpoints")
    pairs = [sentence.split(" sees ") for sentence in sentences() if " sees " in sentence]
    data = Dataset.from_list([{"prompt": f"{prompt} sees", "completion": f" {rest}"} for prompt, rest in pairs])

    last = get_last_checkpoint(str(checkpoints)) if checkpoints.is_dir() else None
    print(f"-***- from {Path(last).name if last else 'the beginning'}", flush=True)
    settings = SFTConfig(
        output_dir=str(checkpoints),
        max_steps=options.steps,
        per_device_train_batch_size=16,
        learning_rate=5e-3,
        logging_steps=10,
        save_steps=10,
        save_total_limit=2,
        max_length=16,
        report_to="none",
        disable_tqdm=True,
        use_cpu=True,
        bf16=False,
    )
    trainer = SFTTrainer(
        model=model(words),
        args=settings,
        train_dataset=data,
        processing_class=words,
        callbacks=[SaveOnStop(options.pause_s)],
    )
    trainer.train(resume_from_checkpoint=last)
    done = trainer.state.global_step
    if done < options.steps:
        print(f"-***- stopped, and saved, at step {done}", flush=True)
        return STOPPED
    trainer.save_model(config.model_dir)
    print(f"-***- completed at step {done}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
