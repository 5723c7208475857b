"""Something to search: the loss is least at a rate of 0.1, with kind b."""

import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float)
parser.add_argument("--kind")
args = parser.parse_args()
print(f"loss={abs(args.rate - 0.1) + (args.kind == 'a'):.4f}")
